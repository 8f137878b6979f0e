import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cancelledInTheMiddle } from '../../test/guides/testing/test-activity.js';
import { historiesStillFit } from '../../test/guides/testing/test-histories.js';
import { someoneSubscribes } from '../../test/guides/testing/test-messages.js';
import { nobodySubscribes } from '../../test/guides/testing/test-time.js';
import { guideFile } from '../../test/in-guide.js';
import { ReplayFailedError, TestWorkflowEnvironment } from '../workflow-harness/index.js';

const WORKFLOWS = guideFile('testing/trial.ts');

describe('the guide to testing', () => {
  it('given its first test, when it is run, then two weeks have gone by and the child has closed the accounts', async () => {
    expect(await nobodySubscribes(WORKFLOWS)).toEqual({ result: 'closed 3 accounts', days: 14, outbox: ['ada: Welcome'] });
  });

  it.each([{}, { replaysAlways: true }])('given its test of messages, when it is run in simulated time %p, then the query and the signal come while it waits', async (options) => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping(options);
    expect(await someoneSubscribes(environment, WORKFLOWS, '14 days')).toEqual(['none', 'yearly', 'bob: Welcome', 'bob: You have chosen yearly']);
    await environment.teardown();
  });

  it('given its test of an activity, when it is run, then it went on from the last heartbeat and heard that it is cancelled', async () => {
    expect(await cancelledInTheMiddle()).toEqual({ heartbeats: [2], error: 'CancelledFailure: CANCELLED' });
  });

  it('given its test of histories, when the code is what recorded them, then they fit; with other code the error shows what differs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'backstitch-guide-'));
    const environment = await TestWorkflowEnvironment.createTimeSkipping();
    try {
      await someoneSubscribes(environment, WORKFLOWS, '14 days');
      writeFileSync(join(folder, 'bob.json'), JSON.stringify(await environment.client.workflow.getHandle('trial-bob').fetchHistory()));
      expect(await historiesStillFit(folder, WORKFLOWS)).toBe(1);
      await expect(historiesStillFit(folder, guideFile('first-workflow/workflows.ts'))).rejects.toBeInstanceOf(ReplayFailedError);
    } finally {
      await environment.teardown();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
