import { ActivityFailure, ApplicationFailure, proxyActivities } from '@backstitch/workflow';
import type { PaymentActivities } from './payment-activities.js';

const { charge } = proxyActivities<PaymentActivities>({
  taskQueue: 'payments',
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 10, nonRetryableErrorTypes: ['CardStolen'] },
});

export async function pay(card: string, alternative?: string): Promise<string> {
  try {
    return await charge(card);
  } catch (error) {
    const isDeclined = error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'CardDeclined';
    if (isDeclined && alternative !== undefined) return charge(alternative);
    throw error;
  }
}
