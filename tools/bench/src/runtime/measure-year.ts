import type { WorkflowBundle } from '@backstitch/sandbox';
import { TestWorkflowEnvironment, Worker } from '@backstitch/testing/workflow-harness';
import { report, subscription } from './workflows/year/index.js';

/**
 * Milliseconds by the clock that a test of a simulated year takes, its environment and worker included: the first one in a process, and the median of all.
 * The workflow sleeps through twelve children and gets four signals meanwhile.
 */
export async function measureYear(workflowBundle: WorkflowBundle, count: number): Promise<object> {
  const takenMs: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const begunAtMs = performance.now();
    await sleepThroughYear(workflowBundle);
    takenMs.push(performance.now() - begunAtMs);
  }
  const [firstMilliseconds] = takenMs;
  return { firstMilliseconds, medianMilliseconds: takenMs.sort((left, right) => left - right)[Math.floor(takenMs.length / 2)] };
}

async function sleepThroughYear(workflowBundle: WorkflowBundle): Promise<void> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'year', workflowBundle, activities: { bill: async () => 10 } });
  const result = await worker.runUntil(async () => {
    const handle = await environment.client.workflow.start(subscription, { taskQueue: 'year', workflowId: 'subscription' });
    for (const quarter of ['Q1', 'Q2', 'Q3', 'Q4']) {
      await environment.sleep('89 days');
      await handle.signal(report, quarter);
    }
    return handle.result();
  });
  await environment.teardown();
  if (result.billed !== 120 || result.reported.length !== 4) throw new Error(`The year came to ${JSON.stringify(result)}.`);
}
