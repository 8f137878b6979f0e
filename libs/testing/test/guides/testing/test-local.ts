import { TestWorkflowEnvironment } from '@backstitch/testing/workflow-harness';
import { someoneSubscribes } from './test-messages.js';

/** The same test as in simulated time. */
export async function someoneSubscribesOnARealStack(workflowsPath: string): Promise<string[]> {
  const environment = await TestWorkflowEnvironment.createLocal();
  try {
    return await someoneSubscribes(environment, workflowsPath, '20 seconds');
  } finally {
    await environment.teardown();
  }
}
