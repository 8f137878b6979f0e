import { ActivityFailure, proxyActivities, saga, type ActivityOptions } from '@backstitch/workflow';
import type { BenchOrder } from '../order.js';
import type { StepActivities, StepUndos } from './activities.js';

const options: ActivityOptions = { startToCloseTimeout: '30 seconds', retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' } };

const inventory = proxyActivities<StepActivities>({ taskQueue: 'inventory', ...options });
const inventoryUndos = proxyActivities<StepUndos>({ taskQueue: 'inventory.compensation', ...options });
const payment = proxyActivities<StepActivities>({ taskQueue: 'payment', ...options });
const paymentUndos = proxyActivities<StepUndos>({ taskQueue: 'payment.compensation', ...options });
const fulfilment = proxyActivities<StepActivities>({ taskQueue: 'fulfilment', ...options });

/** Three steps; the last one has no undo, so that its refusal takes back two. */
export async function benchOrderWorkflow(order: BenchOrder): Promise<{ status: 'completed' | 'compensated' }> {
  try {
    return await saga(async (steps) => {
      await steps.step(inventory.runStep, order, { undo: inventoryUndos.undoStep });
      await steps.step(payment.runStep, order, { undo: paymentUndos.undoStep });
      await steps.step(fulfilment.runStep, order, { undo: 'none' });
      return { status: 'completed' };
    });
  } catch (error) {
    if (error instanceof ActivityFailure) return { status: 'compensated' };
    throw error;
  }
}
