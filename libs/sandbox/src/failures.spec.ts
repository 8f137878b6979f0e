import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { completed, DrivenRun, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('failures', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given a bug deep in workflow code, when it throws, then the workflow task fails with a stack that names the source files', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('bugWorkflow'));
    const result = await run.result(completed(1, {}));
    expect(result).toMatchObject({ status: 'taskFailed', failure: { applicationFailureInfo: { type: 'TypeError' } } });
    const stack = result.status === 'taskFailed' ? (result.failure.stackTrace ?? '') : '';
    expect(stack).toMatch(/brokenHelper \(failing-workflows\.ts:\d+:\d+\)/);
    expect(stack).not.toContain('workflows.bundle.js');
  });

  it('given an application failure, when the workflow throws it, then the workflow fails with type, details and cause', async () => {
    expect(await new DrivenRun(sandbox).advance(initialize('businessFailureWorkflow'))).toMatchObject([
      {
        type: 'failWorkflow',
        failure: {
          message: 'out of stock',
          applicationFailureInfo: { type: 'OutOfStock', nonRetryable: true, details: [{ sku: 'A' }] },
          cause: { message: 'deeper', applicationFailureInfo: { type: 'Error' } },
        },
      },
    ]);
  });

  it('given a workflow type that the bundle lacks, when it is initialised, then the workflow task fails', async () => {
    expect(await new DrivenRun(sandbox).result(initialize('toString'))).toMatchObject({ status: 'taskFailed', failure: { message: 'The bundle exports no workflow "toString".' } });
  });

  it('given an outcome for an activity that the code never scheduled, when it comes, then the workflow task fails', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('chainWorkflow', ['o']));
    expect(await run.result(completed(7))).toMatchObject({ status: 'taskFailed', failure: { message: 'Activity 7 was resolved, but this code has scheduled only 1.' } });
  });

  it('given a run that was evicted, when it is activated, then it is unknown', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('chainWorkflow', ['o']));
    await sandbox.evict(['run', 'never seen']);
    expect(await run.result(completed(1))).toEqual({ runId: 'run', status: 'unknownRun' });
  });
});
