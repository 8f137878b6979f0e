import { proxyActivities, sleep } from '@backstitch/workflow';
import type { RenewalActivities } from './renewal-activities.js';

const { offerDiscount, renew } = proxyActivities<RenewalActivities>({ startToCloseTimeout: '1 minute' });

export async function renewal(): Promise<string> {
  await offerDiscount();
  await sleep('30 days');
  await renew();
  return 'discounted';
}
