import { TestWorkflowEnvironment, Worker } from '@backstitch/testing/workflow-harness';
import { Mailer } from './mailer.js';
import { WelcomeActivities } from './welcome-activities.js';
import { welcome } from './workflows.js';

export async function runWelcome(workflowsPath: string): Promise<{ result: string; mails: number }> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  const mailer = new Mailer();
  const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'mail', workflowsPath, activities: new WelcomeActivities(mailer) });
  const result = await worker.runUntil(
    environment.client.workflow.execute(welcome, { workflowId: 'welcome-ada', taskQueue: 'mail', args: [{ memberId: 'ada', address: 'ada@example.com' }] }),
  );
  await environment.teardown();
  return { result, mails: mailer.sent.size };
}
