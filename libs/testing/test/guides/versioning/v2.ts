import { patched, proxyActivities, sleep } from '@backstitch/workflow';
import type { RenewalActivities } from './renewal-activities.js';

const { offerDiscount, remind, renew } = proxyActivities<RenewalActivities>({ startToCloseTimeout: '1 minute' });

export async function renewal(): Promise<string> {
  const hasDiscount = patched('discount');
  if (hasDiscount) await offerDiscount();
  else await remind();
  await sleep('30 days');
  await renew();
  return hasDiscount ? 'discounted' : 'reminded';
}
