import { condition, defineQuery, defineSignal, executeChild, proxyActivities, setHandler, sleep } from '@backstitch/workflow';

const { bill, slowly } = proxyActivities<{ bill(month: number): Promise<number>; slowly(): Promise<string> }>({ startToCloseTimeout: '1 minute' });

export const report = defineSignal<[string]>('report');
export const reports = defineQuery<string[]>('reports');

const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A subscription for a year: a child for each month, and whatever is reported meanwhile. */
export async function subscription(): Promise<{ billed: number; reported: string[]; days: number }> {
  const reported: string[] = [];
  setHandler(report, (text) => void reported.push(text));
  setHandler(reports, () => reported);
  const begunAtMs = Date.now();
  let billed = 0;
  for (const [month, days] of DAYS_OF_MONTHS.entries()) {
    billed += await executeChild(oneMonth, { workflowId: `month-${month + 1}`, args: [month + 1, days] });
  }
  await condition(() => reported.length === 4);
  return { billed, reported, days: Math.round((Date.now() - begunAtMs) / 86_400_000) };
}

export async function oneMonth(month: number, days: number): Promise<number> {
  await sleep(`${days} days`);
  return bill(month);
}

/** Whether a day goes by while an activity is at work. */
export async function race(): Promise<string> {
  // eslint-disable-next-line backstitch/cancel-race-losers -- what has lost ends with the workflow
  return Promise.race([slowly(), sleep('1 day').then(() => 'a day went by')]);
}

export async function nap(duration: string): Promise<string> {
  await sleep(duration as '1 hour');
  return 'awake';
}

/** Waits for what never comes. */
export async function forever(): Promise<void> {
  await condition(() => false);
}

/** Does not come back once it has awaited something. */
export async function loop(): Promise<void> {
  await Promise.resolve();
  for (;;);
}
