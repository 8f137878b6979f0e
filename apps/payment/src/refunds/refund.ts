/** `return`: a part of a charge, for a return. `reversal`: what is left of a charge, as its undo. */
export type RefundKind = 'return' | 'reversal';

/**
 * `reserved` → `refunded`: the amount is promised (counted in the charge's `refunded_minor`), then the money has moved.
 * `reserved` → `released`: the provider refused before any money moved, and the promise was taken back.
 */
export type RefundState = 'reserved' | 'refunded' | 'released';

export interface Refund {
  refundId: string;
  chargeId: string;
  intentId: string;
  orderId: string;
  currency: string;
  kind: RefundKind;
  returnId: string | null;
  amountMinor: number;
  state: RefundState;
  /** Revision of the provider's idempotency key, from 1: raised when a key is spent. */
  revision: number;
}
