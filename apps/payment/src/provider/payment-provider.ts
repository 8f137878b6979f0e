/**
 * Where a payment stands at the provider.
 *
 * `unconfirmed` → `succeeded` | `processing` | `declined`; everything but `succeeded` → `cancelled`. `declined` and `cancelled` never become
 * `succeeded` under this intent, since no other means of payment is ever put on it.
 */
export type IntentStatus = 'unconfirmed' | 'processing' | 'succeeded' | 'declined' | 'cancelled';

/** A payment at the provider: created first, charged when it is confirmed. */
export interface ProviderIntent {
  intentId: string;
  status: IntentStatus;
  amountMinor: number;
  /** ISO 4217, upper case. */
  currency: string;
  /** Why the card was declined. */
  declineCode?: string;
}

export interface ProviderRefund {
  providerRefundId: string;
  amountMinor: number;
}

export interface CreateIntent {
  orderId: string;
  amountMinor: number;
  currency: string;
  paymentToken: string;
}

export interface CreateRefund {
  intentId: string;
  /** Ours: {@link PaymentProvider.findRefund} finds the refund by it. */
  refundId: string;
  amountMinor: number;
}

/**
 * The payment provider, as the protocol of this service needs it.
 *
 * Guaranteed: each call sends at most one request and ends within the adapter's time limit; an intent is charged at most once, whatever
 * is sent; a call that throws {@link ProviderDoubtError} may have had its effect, may still have it, or never will - ask before
 * sending again; any other error had none. Reads (`retrieveIntent`, `findRefund`) see every effect that has happened.
 *
 * Not promised: that an idempotency key is remembered for longer than a day, nor that it can be used again once the provider
 * has answered with an error of its own (see {@link ProviderDoubtError.keySpent}).
 */
export interface PaymentProvider {
  /** Makes a payment known without charging anything. */
  createIntent(request: CreateIntent, idempotencyKey: string): Promise<ProviderIntent>;
  /** Charges. A refused card is an answer (`declined`), not an error. @throws IntentStateError if the intent can't be confirmed any more */
  confirmIntent(intentId: string, idempotencyKey: string): Promise<ProviderIntent>;
  retrieveIntent(intentId: string): Promise<ProviderIntent>;
  /** Ends an intent that has not been charged. @throws IntentStateError if it has been, or has ended */
  cancelIntent(intentId: string): Promise<ProviderIntent>;
  createRefund(request: CreateRefund, idempotencyKey: string): Promise<ProviderRefund>;
  findRefund(intentId: string, refundId: string): Promise<ProviderRefund | undefined>;
}

/** Injection token of the {@link PaymentProvider}. */
export const PAYMENT_PROVIDER = Symbol('PaymentProvider');
