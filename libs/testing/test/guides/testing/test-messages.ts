import { Worker, type TestWorkflowEnvironment } from '@backstitch/testing/workflow-harness';
import type { Duration } from '@backstitch/workflow';
import { plan, subscribe, trial } from './trial.js';
import { trialActivities } from './trial-activities.js';

/** Someone subscribes while there is time. Runs in any environment. */
export async function someoneSubscribes(environment: TestWorkflowEnvironment, workflowsPath: string, patience: Duration): Promise<string[]> {
  const outbox: string[] = [];
  const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'trials', workflowsPath, activities: trialActivities(outbox) });
  return worker.runUntil(async () => {
    const handle = await environment.client.workflow.start(trial, { taskQueue: 'trials', workflowId: 'trial-bob', args: ['bob', patience] });
    await environment.sleep('1 second');
    const before = await handle.query(plan);
    await handle.signal(subscribe, 'yearly');
    return [before, await handle.result(), ...outbox];
  });
}
