import { TestWorkflowEnvironment, Worker } from '@backstitch/testing/workflow-harness';
import { trial } from './trial.js';
import { trialActivities } from './trial-activities.js';

/** Nobody subscribes: two weeks later the accounts are closed. */
export async function nobodySubscribes(workflowsPath: string): Promise<{ result: string; days: number; outbox: string[] }> {
  const outbox: string[] = [];
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  try {
    const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'trials', workflowsPath, activities: trialActivities(outbox) });
    const begunAtMs = await environment.currentTimeMs();
    const result = await worker.runUntil(environment.client.workflow.execute(trial, { taskQueue: 'trials', workflowId: 'trial-ada', args: ['ada', '14 days'] }));
    return { result, days: Math.floor(((await environment.currentTimeMs()) - begunAtMs) / 86_400_000), outbox };
  } finally {
    await environment.teardown();
  }
}
