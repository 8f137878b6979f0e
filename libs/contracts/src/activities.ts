import type { UndoInput } from '@backstitch/protocol';
import type { ReturnPart, ShippingAddress, StockIntake } from './order.js';

/** `applicationFailureInfo.type` of business refusals. All are non-retryable. */
export const BUSINESS_FAILURE = {
  outOfStock: 'OutOfStock',
  skuUnknown: 'SkuUnknown',
  paymentDeclined: 'PaymentDeclined',
  addressNotServed: 'AddressNotServed',
  shipmentDispatched: 'ShipmentDispatched',
  returnExceedsSale: 'ReturnExceedsSale',
  refundExceedsCharge: 'RefundExceedsCharge',
} as const;

export interface ReserveStockInput {
  orderId: string;
  /** One line for each SKU. */
  lines: { sku: string; quantity: number }[];
}
export interface ReserveStockResult {
  reservationId: string;
}
export interface DeductStockInput {
  orderId: string;
}
export interface DeductStockResult {
  lines: number;
}
export interface ReceiveReturnInput {
  returnId: string;
  parts: { orderId: string; lines: { sku: string; quantity: number }[] }[];
}

/** Served on queue `inventory`. */
export interface InventoryActivities {
  /** All lines or none; refuses with OutOfStock (details: `[{ sku, requested, available }…]`) or SkuUnknown. */
  reserveStock(input: ReserveStockInput): Promise<ReserveStockResult>;
  /** The goods have left: the reserved pieces leave `on_hand`. */
  deductStock(input: DeductStockInput): Promise<DeductStockResult>;
  /** Returned pieces go back to `on_hand`; refuses with ReturnExceedsSale what was not deducted for that order, less earlier returns. */
  receiveReturn(input: ReceiveReturnInput): Promise<{ returnId: string }>;
  /** Makes SKUs known with their first stock; known ones are left alone. */
  receiveStock(input: StockIntake): Promise<{ added: number; known: number }>;
}

/** Served on queue `inventory.compensation`. */
export interface InventoryUndos {
  releaseStock(undo: UndoInput<ReserveStockInput, ReserveStockResult>): Promise<{ released: boolean }>;
  restoreStock(undo: UndoInput<DeductStockInput, DeductStockResult>): Promise<{ restored: boolean }>;
  revertReturn(undo: UndoInput<ReceiveReturnInput, { returnId: string }>): Promise<{ reverted: boolean }>;
}

export interface ChargePaymentInput {
  orderId: string;
  amountMinor: number;
  currency: string;
  paymentToken: string;
}
export interface ChargePaymentResult {
  chargeId: string;
}
export interface RefundReturnInput {
  returnId: string;
  parts: Pick<ReturnPart, 'orderId' | 'refundMinor' | 'currency'>[];
}

/** Served on queue `payment`. */
export interface PaymentActivities {
  /** Refuses with PaymentDeclined. */
  chargePayment(input: ChargePaymentInput): Promise<ChargePaymentResult>;
  /** Refunds parts of charges; refuses, all or nothing and before any money moves, with RefundExceedsCharge. */
  refundReturn(input: RefundReturnInput): Promise<{ refundIds: string[] }>;
}

/** Served on queue `payment.compensation`. */
export interface PaymentUndos {
  /** Gives back what the charge took, whatever is known of it. */
  refundPayment(undo: UndoInput<ChargePaymentInput, ChargePaymentResult>): Promise<{ refundedMinor: number }>;
}

export interface ShipOrderInput {
  orderId: string;
  lines: { sku: string; quantity: number }[];
  shippingAddress: ShippingAddress;
}
export interface ShipOrderResult {
  shipmentId: string;
}

/** Served on queue `fulfilment`. */
export interface FulfilmentActivities {
  /** Refuses with AddressNotServed. */
  shipOrder(input: ShipOrderInput): Promise<ShipOrderResult>;
}

/** Served on queue `fulfilment.compensation`. */
export interface FulfilmentUndos {
  /** Refuses with ShipmentDispatched once the carrier has it. */
  cancelShipment(undo: UndoInput<ShipOrderInput, ShipOrderResult>): Promise<{ cancelled: boolean }>;
}
