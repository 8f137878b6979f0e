import { proxyActivities, TimeoutFailure, ActivityFailure } from '@backstitch/workflow';
import type { KycActivities } from './kyc-activities.js';

const { checkIdentity } = proxyActivities<KycActivities>({ taskQueue: 'kyc', startToCloseTimeout: '7 days', retry: { maximumAttempts: 1 } });

export async function openAccount(customer: string): Promise<string> {
  try {
    const { verdict } = await checkIdentity(customer);
    return verdict;
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return 'no answer within a week';
    throw error;
  }
}
