import { proxyActivities, sleep } from '@backstitch/workflow';
import type { RenewalActivities } from './renewal-activities.js';

const { remind, renew } = proxyActivities<RenewalActivities>({ startToCloseTimeout: '1 minute' });

export async function renewal(): Promise<string> {
  await remind();
  await sleep('30 days');
  await renew();
  return 'reminded';
}
