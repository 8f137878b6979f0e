import {
  BUSINESS_FAILURE,
  type ChargePaymentInput,
  type ChargePaymentResult,
  type DeductStockInput,
  type DeductStockResult,
  type ReserveStockInput,
  type ReserveStockResult,
  type ShipOrderInput,
  type ShipOrderResult,
} from '@backstitch/contracts';
import { ApplicationFailure } from '@backstitch/protocol/failures';
import { external, transaction, type SimulatedActivities, type SimulatedContext } from '@backstitch/testing';

interface Lines {
  sku: string;
  quantity: number;
}

/** What the databases of inventory, payment and fulfilment hold, and the payment provider's. */
export interface SimulatedPlatform {
  stock: Record<string, { onHand: number; reserved: number }>;
  /** By order. `reservedBy` and `deductedBy` are the steps' keys. */
  reservations: Record<string, { reservedBy: string; deductedBy: string | null; state: 'held' | 'deducted' | 'released'; lines: Lines[] }>;
  /** By the step's key. */
  charges: Record<string, { intentId: string; state: 'created' | 'confirmed' | 'cancelled' | 'reversed' }>;
  /** By order. */
  shipments: Record<string, { shippedBy: string; state: 'registered' | 'cancelled' }>;
  /** The provider's, by the idempotency key of their creation. */
  intents: Record<string, { amountMinor: number; status: 'unconfirmed' | 'succeeded' | 'cancelled'; confirmations: number; refunds: Record<string, number> }>;
}

export function simulatedPlatform(stock: Record<string, number>): SimulatedPlatform {
  const onHand = Object.entries(stock).map(([sku, quantity]) => [sku, { onHand: quantity, reserved: 0 }]);
  return { stock: Object.fromEntries(onHand), reservations: {}, charges: {}, shipments: {}, intents: {} };
}

/** The step that an undo takes back, unless it left nothing. */
function undoneKey({ info: { undo } }: SimulatedContext): string | undefined {
  if (undo === undefined) throw ApplicationFailure.nonRetryable('An undo was called that names no step.');
  return undo.step === 'absent' ? undefined : undo.stepKey;
}

/** The steps and undos of an order, as the platform's services do them: the same states, keys and order of things, on plain data. */
export const platformActivities: SimulatedActivities<SimulatedPlatform> = {
  reserveStock: transaction((state, { orderId, lines }: ReserveStockInput, { key }): ReserveStockResult => {
    if (state.reservations[orderId] !== undefined) throw ApplicationFailure.nonRetryable(`Order ${orderId} has a reservation.`, 'OrderAlreadyReserved');
    for (const { sku, quantity } of lines) {
      const item = state.stock[sku];
      if (item === undefined) throw ApplicationFailure.nonRetryable(`No such thing: ${sku}`, BUSINESS_FAILURE.skuUnknown);
      if (item.onHand - item.reserved < quantity) throw ApplicationFailure.nonRetryable(`Too few of ${sku}`, BUSINESS_FAILURE.outOfStock);
      item.reserved += quantity;
    }
    state.reservations[orderId] = { reservedBy: key, deductedBy: null, state: 'held', lines };
    return { reservationId: `reservation-${orderId}` };
  }),

  releaseStock: transaction((state, { input: { orderId } }: { input: ReserveStockInput }, context) => {
    const reservation = state.reservations[orderId];
    if (reservation === undefined || reservation.reservedBy !== undoneKey(context)) return { released: false };
    if (reservation.state === 'deducted') throw ApplicationFailure.nonRetryable(`The pieces of order ${orderId} have been deducted.`, 'ReservationState');
    if (reservation.state === 'released') return { released: false };
    for (const { sku, quantity } of reservation.lines) (state.stock[sku] as { reserved: number }).reserved -= quantity;
    reservation.state = 'released';
    return { released: true };
  }),

  deductStock: transaction((state, { orderId }: DeductStockInput, { key }): DeductStockResult => {
    const reservation = state.reservations[orderId];
    if (reservation?.state !== 'held' || reservation.deductedBy !== null) throw ApplicationFailure.nonRetryable(`Order ${orderId} holds nothing.`, 'ReservationState');
    for (const { sku, quantity } of reservation.lines) {
      const item = state.stock[sku] as { onHand: number; reserved: number };
      item.onHand -= quantity;
      item.reserved -= quantity;
    }
    Object.assign(reservation, { state: 'deducted', deductedBy: key });
    return { lines: reservation.lines.length };
  }),

  restoreStock: transaction((state, { input: { orderId } }: { input: DeductStockInput }, context) => {
    const reservation = state.reservations[orderId];
    if (reservation?.state !== 'deducted' || reservation.deductedBy !== undoneKey(context)) return { restored: false };
    for (const { sku, quantity } of reservation.lines) {
      const item = state.stock[sku] as { onHand: number; reserved: number };
      item.onHand += quantity;
      item.reserved += quantity;
    }
    reservation.state = 'held';
    return { restored: true };
  }),

  /** An intent is created unconfirmed, its id is committed, then it is confirmed: the provider confirms an intent at most once, and never a cancelled one. */
  chargePayment: external(async (world, { amountMinor }: ChargePaymentInput, context): Promise<ChargePaymentResult> => {
    const { key } = context;
    const known = context.info.startedBefore ? await context.transaction((state) => state.charges[key]) : undefined;
    const intentId = known?.intentId ?? key;
    if (known === undefined) {
      world.intents[intentId] ??= { amountMinor, status: 'unconfirmed', confirmations: 0, refunds: {} };
      await context.pause('intent-created');
      await context.transaction((state) => {
        state.charges[key] ??= { intentId, state: 'created' };
      });
    }
    const intent = world.intents[intentId] as SimulatedPlatform['intents'][string];
    if (intent.status === 'cancelled') throw ApplicationFailure.nonRetryable('The intent was cancelled.', BUSINESS_FAILURE.paymentDeclined);
    if (intent.status === 'unconfirmed') Object.assign(intent, { status: 'succeeded', confirmations: intent.confirmations + 1 });
    await context.pause('confirmed');
    return context.completeWith((state) => {
      (state.charges[key] as { state: string }).state = 'confirmed';
      return { chargeId: `charge-of-${intentId}` };
    });
  }),

  /** The provider is asked first: what was not charged is cancelled, what was is refunded, under the step's key. */
  refundPayment: external(async (world, _undo: unknown, context): Promise<{ refundedMinor: number }> => {
    const key = undoneKey(context);
    const charge = key === undefined ? undefined : await context.transaction((state) => state.charges[key]);
    // Without a committed id nobody confirms the intent, should there be one.
    if (key === undefined || charge === undefined) return { refundedMinor: 0 };
    const intent = world.intents[charge.intentId] as SimulatedPlatform['intents'][string];
    if (intent.status === 'unconfirmed') intent.status = 'cancelled';
    else if (intent.status === 'succeeded') intent.refunds[key] ??= intent.amountMinor;
    await context.pause('refunded');
    return context.completeWith((state) => {
      const refundedMinor = intent.refunds[key] ?? 0;
      (state.charges[key] as { state: string }).state = refundedMinor > 0 ? 'reversed' : 'cancelled';
      return { refundedMinor };
    });
  }),

  shipOrder: transaction((state, { orderId, shippingAddress }: ShipOrderInput, { key }): ShipOrderResult => {
    if (shippingAddress.country === 'Nowhere') throw ApplicationFailure.nonRetryable('Nobody goes there.', BUSINESS_FAILURE.addressNotServed);
    if (state.shipments[orderId] !== undefined) throw ApplicationFailure.nonRetryable(`Order ${orderId} has a shipment.`, 'OrderAlreadyShipped');
    state.shipments[orderId] = { shippedBy: key, state: 'registered' };
    return { shipmentId: `shipment-${orderId}` };
  }),

  cancelShipment: transaction((state, { input: { orderId } }: { input: ShipOrderInput }, context) => {
    const shipment = state.shipments[orderId];
    if (shipment === undefined || shipment.shippedBy !== undoneKey(context)) return { cancelled: false };
    shipment.state = 'cancelled';
    return { cancelled: true };
  }),
};
