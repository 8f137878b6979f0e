import { sleep } from '@backstitch/workflow';

/** Does nothing but sleep. */
export async function sleepingWorkflow(durationMs: number): Promise<void> {
  await sleep(durationMs);
}
