import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createInThreadSandbox } from '@backstitch/sandbox';
import { loop, nap } from '../../test/year-workflows.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, TestWorkflowEnvironment, Worker, type WorkflowBundleWithSourceMap } from './index.js';

const taskQueue = 'loops';

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../../test/year-workflows.ts', import.meta.url)) });
});

const { features } = process;
afterEach(() => {
  Object.defineProperty(process, 'features', { value: features, configurable: true });
});

describe.each([["V8's inspector", true], ['node:vm', false]])('workflow code that does not come back, limited by %s', (_, inspector) => {
  it('given an environment, when a workflow loops, then its incident is told, other workflows go on, and the environment is torn down', async () => {
    Object.defineProperty(process, 'features', { value: { ...features, inspector }, configurable: true });
    const message = "A workflow task failed: The workflow's code did not come back within 500 ms.";
    const errors: string[] = [];
    Runtime.install({ logger: new DefaultLogger('ERROR', (entry) => void errors.push(entry.message)) });
    const environment = await TestWorkflowEnvironment.createTimeSkipping();
    const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, workflowBundle });
    // Shorter than the environment's own limit, for the sake of this test's time.
    await environment.sandboxes.use(taskQueue, createInThreadSandbox({ bundle: workflowBundle.bundle, activationTimeoutMs: 500 }));
    const { workflow } = environment.client;
    await worker.runUntil(async () => {
      await workflow.start(loop, { taskQueue, workflowId: 'loop' });
      expect(await workflow.execute(nap, { taskQueue, workflowId: 'nap', args: ['1 day'] })).toBe('awake');
    });
    const { incidents, record } = environment.store.storedByWorkflowId('loop');
    expect(incidents).toMatchObject([{ kind: 'WORKFLOW_TASK_FAILED', message }]);
    expect(record.status).toBe('RUNNING');
    expect(errors).toEqual([message]);
    await environment.teardown();
  });
});
