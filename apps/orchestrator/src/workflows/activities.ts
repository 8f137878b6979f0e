import type {
  FulfilmentActivities,
  FulfilmentUndos,
  InventoryActivities,
  InventoryUndos,
  PaymentActivities,
  PaymentUndos,
} from '@backstitch/contracts';
import { proxyActivities, type ActivityOptions } from '@backstitch/workflow';

// What is not a refusal of the business (those are not retried) passes in time: a database restarts, a provider has a bad hour.
const retry: ActivityOptions['retry'] = { initialInterval: '500 milliseconds', maximumInterval: '1 minute' };

export const inventory = proxyActivities<InventoryActivities>({ taskQueue: 'inventory', startToCloseTimeout: '30 seconds', retry });
export const inventoryUndos = proxyActivities<InventoryUndos>({
  taskQueue: 'inventory.compensation',
  startToCloseTimeout: '30 seconds',
  retry,
});

// Longer than the provider's answers to the four requests that one attempt may send.
export const payment = proxyActivities<PaymentActivities>({ taskQueue: 'payment', startToCloseTimeout: '1 minute', retry });
export const paymentUndos = proxyActivities<PaymentUndos>({
  taskQueue: 'payment.compensation',
  startToCloseTimeout: '1 minute',
  retry,
});

export const fulfilment = proxyActivities<FulfilmentActivities>({ taskQueue: 'fulfilment', startToCloseTimeout: '30 seconds', retry });
export const fulfilmentUndos = proxyActivities<FulfilmentUndos>({
  taskQueue: 'fulfilment.compensation',
  startToCloseTimeout: '30 seconds',
  retry,
});
