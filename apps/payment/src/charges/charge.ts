/**
 * Where a charge stands with us. What the provider holds may be ahead of it, never behind.
 *
 * ```
 * (none) ──creation in doubt──▶ intended ──▶ created ──▶ confirmed ──▶ reversed
 *    └────────────────────────────────────────┘  ├────▶ declined
 *                                                └────▶ cancelled      (undone before it was charged)
 * ```
 */
export type ChargeState = 'intended' | 'created' | 'confirmed' | 'declined' | 'cancelled' | 'reversed';

/** One charge of one order. */
export interface Charge {
  chargeId: string;
  orderId: string;
  /** Key of the step that charges. */
  stepKey: string;
  /** Absent while `intended`. */
  intentId: string | null;
  amountMinor: number;
  currency: string;
  state: ChargeState;
  declineCode: string | null;
  /** What has been given back or is promised to be. */
  refundedMinor: number;
  /** Revision of the provider's idempotency key for the creation, from 1: raised when a key is spent. */
  createRevision: number;
  /** The same for the confirmation. */
  confirmRevision: number;
}
