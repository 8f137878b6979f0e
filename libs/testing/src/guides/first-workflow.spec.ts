import 'reflect-metadata';
import { WorkflowExecutionAlreadyStartedError } from '@backstitch/client';
import { describe, expect, it } from '@jest/globals';
import { Mailer } from '../../test/guides/first-workflow/mailer.js';
import { lookAtWelcome } from '../../test/guides/first-workflow/look-at-welcome.js';
import { startWelcome } from '../../test/guides/first-workflow/start-welcome.js';
import { runWelcome } from '../../test/guides/first-workflow/test-welcome.js';
import { WelcomeActivities } from '../../test/guides/first-workflow/welcome-activities.js';
import { guideFile, inGuide, thrownBy } from '../../test/in-guide.js';

const WORKFLOWS = 'first-workflow/workflows.ts';
const ada = { memberId: 'ada', address: 'ada@example.com' };

describe('the guide to the first workflow', () => {
  it('given its test, when it is run, then both mails were sent', async () => {
    expect(await runWelcome(guideFile(WORKFLOWS))).toEqual({ result: 'ada has got mail-2', mails: 2 });
  });

  it('given a member who was welcomed, when somebody looks, then the first mail is sent and three days are waited', async () => {
    const mailer = new Mailer();
    await inGuide({ workflows: WORKFLOWS, taskQueue: 'mail', activities: new WelcomeActivities(mailer) }, async ({ client, environment }) => {
      await startWelcome(client, ada);
      await environment.sleep('1 hour');
      expect(await lookAtWelcome(client, 'ada')).toEqual(['RUNNING', 'sendMail: COMPLETED, attempt 1', 'sleeps for 72 hours']);
      expect(await client.workflow.getHandle('welcome-ada').query('__stack_trace')).toContain('timer');
      expect(await client.workflow.getHandle('welcome-ada').result()).toBe('ada has got mail-2');
      expect([...mailer.sent.values()].map(({ subject }) => subject)).toEqual(['Welcome', 'Your first steps']);
    });
  });

  it('given a member who was welcomed, when the start is asked for again, then it is refused, also after the end', async () => {
    await inGuide({ workflows: WORKFLOWS, taskQueue: 'mail', activities: new WelcomeActivities(new Mailer()) }, async ({ client }) => {
      await startWelcome(client, ada);
      expect(await thrownBy(startWelcome(client, ada))).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
      await client.workflow.getHandle('welcome-ada').result();
      expect(await thrownBy(startWelcome(client, ada))).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
    });
  });
});
