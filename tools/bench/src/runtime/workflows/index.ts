import { proxyActivities } from '@backstitch/workflow';

export interface Steps {
  step(order: Record<string, unknown>): Promise<{ done: boolean }>;
}

const { step } = proxyActivities<Steps>({ taskQueue: 'steps', startToCloseTimeout: '30 seconds' });

/** Three activities in a row. */
export async function threeSteps(order: Record<string, unknown>): Promise<string> {
  await step(order);
  await step(order);
  await step(order);
  return 'done';
}

/** As many activities in a row as it is told. */
export async function manySteps(count: number): Promise<number> {
  for (let index = 0; index < count; index += 1) await step({ index });
  return count;
}
