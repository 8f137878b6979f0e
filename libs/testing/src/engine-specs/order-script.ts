import { compensationQueueOf, DEFAULT_UNDO_RETRY_POLICY, type JsonValue } from '@backstitch/protocol';
import type { WorkflowScript } from '../scripted-sandbox.js';

const STEPS = [
  { activityType: 'reserveStock', taskQueue: 'inventory', undoType: 'releaseStock' },
  { activityType: 'chargePayment', taskQueue: 'payment', undoType: 'refundPayment' },
  { activityType: 'shipOrder', taskQueue: 'fulfilment', undoType: 'cancelShipment' },
];

const UNDO_RETRY_POLICY = { ...DEFAULT_UNDO_RETRY_POLICY, jitter: 0 };

/** Reserve, charge, ship; a failure undoes what was begun, in reverse, the failing step's own undo included. */
export const orderScript: WorkflowScript = function* (workflow, orderId = null) {
  const begun: { seq: number; undoType: string; taskQueue: string; result: JsonValue }[] = [];
  workflow.queries.set('begun', () => begun.length);
  for (const { activityType, taskQueue, undoType } of STEPS) {
    const undoQueue = compensationQueueOf(taskQueue);
    const seq = workflow.schedule(activityType, [{ orderId }], {
      taskQueue,
      undo: { activityType: undoType, taskQueue: undoQueue, retryPolicy: UNDO_RETRY_POLICY },
    });
    const step = { seq, undoType, taskQueue: undoQueue, result: null as JsonValue };
    begun.push(step);
    const ending = yield* workflow.ended(seq);
    if (ending.status !== 'completed') {
      for (const undo of begun.reverse()) {
        yield* workflow.activity(undo.undoType, [{ input: { orderId }, result: undo.result }], {
          taskQueue: undo.taskQueue,
          retryPolicy: UNDO_RETRY_POLICY,
          undoOfSeq: undo.seq,
        });
      }
      return { status: 'compensated', reason: ending.failure.cause?.message ?? '' };
    }
    step.result = ending.result;
  }
  return { status: 'completed' };
};

/** A business refusal: not to be tried again. */
export function refusal(message: string, type = 'Refused') {
  return { message, applicationFailureInfo: { type, nonRetryable: true } };
}
