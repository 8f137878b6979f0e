import { condition, defineSignal, executeChild, proxyActivities, setHandler, sleep } from '@backstitch/workflow';

const { bill } = proxyActivities<{ bill(month: number): Promise<number> }>({ startToCloseTimeout: '1 minute' });

export const report = defineSignal<[string]>('report');

/** A subscription for a year: a child for each month, and whatever is reported meanwhile. */
export async function subscription(): Promise<{ billed: number; reported: string[] }> {
  const reported: string[] = [];
  setHandler(report, (text) => void reported.push(text));
  let billed = 0;
  for (let month = 1; month <= 12; month += 1) billed += await executeChild(oneMonth, { args: [month] });
  await condition(() => reported.length === 4);
  return { billed, reported };
}

export async function oneMonth(month: number): Promise<number> {
  await sleep('30 days');
  return bill(month);
}
