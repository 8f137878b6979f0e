import { condition, defineSignal, proxyActivities, setHandler, sleep } from '@backstitch/workflow';
import type { BillingActivities } from './billing-activities.js';

const { bill, remind } = proxyActivities<BillingActivities>({ startToCloseTimeout: '1 minute' });

export const cancelSubscription = defineSignal('cancelSubscription');

/** Bills once a year, and reminds a week before. */
export async function subscription(years: number): Promise<number> {
  let isCancelled = false;
  setHandler(cancelSubscription, () => {
    isCancelled = true;
  });
  for (let year = 0; year < years; year += 1) {
    await bill(year);
    if (await condition(() => isCancelled, '358 days')) return year + 1;
    await remind(year);
    await sleep('7 days');
  }
  return years;
}
