/** Where a PaymentIntent can stand; the subset of Stripe's that a card without authentication passes through. */
export type PaymentIntentStatus = 'requires_payment_method' | 'requires_confirmation' | 'succeeded' | 'canceled';

/** Stripe's PaymentIntent, less what no client of the simulator reads. Amounts in minor units. */
export interface PaymentIntent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  currency: string;
  status: PaymentIntentStatus;
  payment_method: string | null;
  payment_method_types: string[];
  latest_charge: string | null;
  cancellation_reason: string | null;
  canceled_at: number | null;
  last_payment_error: { type: 'card_error'; code: string; decline_code: string; message: string } | null;
  metadata: Record<string, string>;
  created: number;
  livemode: false;
}

/** Stripe's Refund, less what no client of the simulator reads. Amounts in minor units. */
export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  currency: string;
  payment_intent: string;
  charge: string;
  status: 'succeeded';
  reason: string | null;
  metadata: Record<string, string>;
  created: number;
}

/** A page of objects, newest first. */
export interface ObjectList<T> {
  object: 'list';
  url: string;
  has_more: boolean;
  data: T[];
}

/** One confirmed charge, for tests and for auditing. Amounts in minor units. */
export interface ChargeSummary {
  chargeId: string;
  paymentIntentId: string;
  amount: number;
  refunded: number;
  currency: string;
  metadata: Record<string, string>;
}

/** Sums over everything that the simulator remembers. Amounts in minor units, by currency in lower case. */
export interface Totals {
  paymentIntents: number;
  unconfirmedPaymentIntents: number;
  charges: number;
  refunds: number;
  charged: Record<string, number>;
  refunded: Record<string, number>;
}
