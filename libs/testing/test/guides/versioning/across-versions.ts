import { TestWorkflowEnvironment, Worker } from '@backstitch/testing/workflow-harness';
import { renewalActivities } from './renewal-activities.js';

/** What the run comes to; or the kind of the incident that holds it. */
export async function acrossVersions(beginsWith: string, goesOnWith: string): Promise<string> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  const worker = async (workflowsPath: string): Promise<Worker> =>
    Worker.create({ connection: environment.nativeConnection, taskQueue: 'renewals', workflowsPath, activities: renewalActivities });
  try {
    const handle = await (await worker(beginsWith)).runUntil(async () => {
      const started = await environment.client.workflow.start('renewal', { workflowId: 'r', taskQueue: 'renewals' });
      await environment.sleep('1 day');
      return started;
    });
    return await (await worker(goesOnWith)).runUntil(async () => {
      await environment.sleep('60 days');
      const { status, raw } = await handle.describe();
      return status.name === 'COMPLETED' ? String(raw.result) : (raw.incidents[0]?.kind ?? status.name);
    });
  } finally {
    await environment.teardown();
  }
}
