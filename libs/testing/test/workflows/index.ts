import { condition, defineQuery, defineSignal, isCancellation, proxyActivities, saga, setHandler, sleep, upsertSearchAttributes, uuid4, workflowInfo, type UndoInput } from '@backstitch/workflow';

interface Steps {
  reserveStock(input: { orderId: string }): Promise<{ reservationId: string }>;
  chargePayment(input: { orderId: string }): Promise<{ chargeId: string }>;
  shipOrder(input: { orderId: string }): Promise<{ shipmentId: string }>;
}
type Undo = (undo: UndoInput) => Promise<unknown>;

const inventory = proxyActivities<Pick<Steps, 'reserveStock'>>({ taskQueue: 'inventory', startToCloseTimeout: '1 minute' });
const payment = proxyActivities<Pick<Steps, 'chargePayment'>>({ taskQueue: 'payment', startToCloseTimeout: '1 minute' });
const fulfilment = proxyActivities<Pick<Steps, 'shipOrder'>>({ taskQueue: 'fulfilment', startToCloseTimeout: '1 minute' });
const undos = proxyActivities<{ releaseStock: Undo; refundPayment: Undo; cancelShipment: Undo }>({ startToCloseTimeout: '1 minute' });

/** Reserve, charge, ship; undone in reverse when one fails or the order is cancelled. */
export async function order(orderId: string): Promise<unknown> {
  upsertSearchAttributes({ OrderStatus: ['placed'] });
  try {
    const result = await saga(async ({ step }) => {
      const { reservationId } = await step(inventory.reserveStock, { orderId }, { undo: undos.releaseStock });
      const { chargeId } = await step(payment.chargePayment, { orderId }, { undo: undos.refundPayment });
      const { shipmentId } = await step(fulfilment.shipOrder, { orderId }, { undo: undos.cancelShipment });
      return { reservationId, chargeId, shipmentId };
    });
    upsertSearchAttributes({ OrderStatus: ['completed'] });
    return result;
  } catch (error) {
    upsertSearchAttributes({ OrderStatus: ['compensated'] });
    if (isCancellation(error)) throw error;
    return { compensated: (error as Error).cause instanceof Error ? ((error as Error).cause as Error).message : (error as Error).message };
  }
}

const approve = defineSignal<[string]>('approve');
const approvals = defineQuery<string[]>('approvals');

/** Waits for two approvals or a day, whatever comes first; sees time and randomness on its way. */
export async function approval(): Promise<unknown> {
  const by: string[] = [];
  setHandler(approve, (name) => void by.push(name));
  setHandler(approvals, () => by);
  const id = uuid4();
  const startedAtMs = Date.now();
  const approved = await condition(() => by.length >= 2, '1 day');
  await sleep('10 seconds');
  return { approved, by, id, tookMs: Date.now() - startedAtMs, random: Math.random(), workflowId: workflowInfo().workflowId };
}
