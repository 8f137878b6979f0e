import { readHistories, replayHistories } from '@backstitch/testing/workflow-harness';

/** Throws, with what differs in each, if the code would not go on as recorded. */
export async function historiesStillFit(folder: string, workflowsPath: string): Promise<number> {
  const { replayed } = await replayHistories(readHistories(folder), { workflowsPath });
  return replayed;
}
