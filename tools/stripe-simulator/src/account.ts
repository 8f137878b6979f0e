import { randomBytes } from 'node:crypto';
import { cardBehaviour } from './card-behaviour.js';
import type { ChargeSummary, ObjectList, PaymentIntent, Refund, Totals } from './objects.js';
import { parameterInvalid, resourceMissing, StripeApiError, unexpectedState } from './stripe-api-error.js';

export interface CreatePaymentIntent {
  amount: number;
  currency: string;
  paymentMethod?: string;
  metadata: Record<string, string>;
}

export interface CreateRefund {
  paymentIntent: string;
  /** Absent: what has not been refunded yet. */
  amount?: number;
  reason?: string;
  metadata: Record<string, string>;
}

/** Told of each object that is new or has changed; the journal listens. */
export type AccountListener = (change: { paymentIntent: PaymentIntent } | { refund: Refund }) => void;

/**
 * One Stripe account: its PaymentIntents and Refunds, and the rules of their states.
 *
 * An intent: `requires_payment_method` or `requires_confirmation` → (confirm) `succeeded`, or back to `requires_payment_method` when the card
 * is declined; from every state but `succeeded` → (cancel) `canceled`. An intent is charged at most once. Refunds never exceed the charge.
 */
export class Account {
  readonly #paymentIntents = new Map<string, PaymentIntent>();
  readonly #refunds = new Map<string, Refund[]>();
  readonly #listener: AccountListener;
  readonly #nowMs: () => number;

  constructor(listener: AccountListener = () => {}, nowMs: () => number = Date.now) {
    this.#listener = listener;
    this.#nowMs = nowMs;
  }

  createPaymentIntent(request: CreatePaymentIntent): PaymentIntent {
    if (!Number.isSafeInteger(request.amount) || request.amount < 1) {
      throw parameterInvalid('amount', 'The amount must be a positive integer in minor units.');
    }
    if (!/^[a-z]{3}$/.test(request.currency)) throw parameterInvalid('currency', `Invalid currency: ${request.currency}.`);
    if (request.paymentMethod !== undefined && cardBehaviour(request.paymentMethod) === undefined) {
      throw resourceMissing('PaymentMethod', request.paymentMethod, 'payment_method', 400);
    }
    return this.restorePaymentIntent({
      id: newId('pi'),
      object: 'payment_intent',
      amount: request.amount,
      amount_received: 0,
      currency: request.currency,
      status: request.paymentMethod === undefined ? 'requires_payment_method' : 'requires_confirmation',
      payment_method: request.paymentMethod ?? null,
      payment_method_types: ['card'],
      latest_charge: null,
      cancellation_reason: null,
      canceled_at: null,
      last_payment_error: null,
      metadata: request.metadata,
      created: this.#nowSeconds(),
      livemode: false,
    });
  }

  /** @param declineCode refuses the card whatever it is */
  confirmPaymentIntent(id: string, declineCode?: string): PaymentIntent {
    const intent = this.paymentIntent(id);
    if (intent.status !== 'requires_confirmation' || intent.payment_method === null) throw unexpectedState(intent, 'confirmed');
    const refusal = declineCode ?? cardBehaviour(intent.payment_method)?.declineCode;
    if (refusal !== undefined) {
      const error = { type: 'card_error', code: 'card_declined', decline_code: refusal, message: 'Your card was declined.' } as const;
      const declined = this.restorePaymentIntent({
        ...intent,
        status: 'requires_payment_method',
        payment_method: null,
        last_payment_error: error,
      });
      throw new StripeApiError(402, error.type, error.message, { code: error.code, decline_code: refusal, payment_intent: declined });
    }
    return this.restorePaymentIntent({ ...intent, status: 'succeeded', amount_received: intent.amount, latest_charge: newId('ch') });
  }

  cancelPaymentIntent(id: string, reason?: string): PaymentIntent {
    const intent = this.paymentIntent(id);
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw unexpectedState(intent, 'canceled');
    return this.restorePaymentIntent({
      ...intent,
      status: 'canceled',
      cancellation_reason: reason ?? null,
      canceled_at: this.#nowSeconds(),
    });
  }

  paymentIntent(id: string): PaymentIntent {
    const intent = this.#paymentIntents.get(id);
    if (intent === undefined) throw resourceMissing('payment_intent', id, 'intent');
    return intent;
  }

  createRefund(request: CreateRefund): Refund {
    const intent = this.#paymentIntents.get(request.paymentIntent);
    if (intent === undefined) throw resourceMissing('payment_intent', request.paymentIntent, 'payment_intent', 400);
    if (intent.latest_charge === null) {
      throw parameterInvalid('payment_intent', `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`);
    }
    const unrefunded = intent.amount_received - this.#refundedOf(intent.id);
    if (unrefunded === 0) {
      throw new StripeApiError(400, 'invalid_request_error', `Charge ${intent.latest_charge} has already been refunded.`, {
        code: 'charge_already_refunded',
      });
    }
    const amount = request.amount ?? unrefunded;
    if (!Number.isSafeInteger(amount) || amount < 1) throw parameterInvalid('amount', 'The amount must be a positive integer in minor units.');
    if (amount > unrefunded) {
      throw parameterInvalid('amount', `Refund amount (${amount}) is greater than unrefunded amount on charge (${unrefunded}).`);
    }
    return this.restoreRefund({
      id: newId('re'),
      object: 'refund',
      amount,
      currency: intent.currency,
      payment_intent: intent.id,
      charge: intent.latest_charge,
      status: 'succeeded',
      reason: request.reason ?? null,
      metadata: request.metadata,
      created: this.#nowSeconds(),
    });
  }

  refund(id: string): Refund {
    for (const refunds of this.#refunds.values()) {
      const found = refunds.find((refund) => refund.id === id);
      if (found !== undefined) return found;
    }
    throw resourceMissing('refund', id, 'id');
  }

  /** Newest first. */
  listRefunds(page: { paymentIntent?: string; limit: number; startingAfter?: string }): ObjectList<Refund> {
    const source = page.paymentIntent === undefined ? [...this.#refunds.values()].flat() : (this.#refunds.get(page.paymentIntent) ?? []);
    return pageOf('/v1/refunds', source.toReversed(), page);
  }

  /** Newest first. */
  listPaymentIntents(page: { limit: number; startingAfter?: string }): ObjectList<PaymentIntent> {
    return pageOf('/v1/payment_intents', [...this.#paymentIntents.values()].toReversed(), page);
  }

  charges(): ChargeSummary[] {
    return [...this.#paymentIntents.values()].flatMap((intent) =>
      intent.latest_charge === null
        ? []
        : [
            {
              chargeId: intent.latest_charge,
              paymentIntentId: intent.id,
              amount: intent.amount_received,
              refunded: this.#refundedOf(intent.id),
              currency: intent.currency,
              metadata: intent.metadata,
            },
          ],
    );
  }

  totals(): Totals {
    const totals: Totals = {
      paymentIntents: this.#paymentIntents.size,
      unconfirmedPaymentIntents: 0,
      charges: 0,
      refunds: 0,
      charged: {},
      refunded: {},
    };
    for (const intent of this.#paymentIntents.values()) {
      if (intent.status === 'requires_confirmation' || intent.status === 'requires_payment_method') totals.unconfirmedPaymentIntents += 1;
      if (intent.latest_charge === null) continue;
      totals.charges += 1;
      totals.refunds += this.#refunds.get(intent.id)?.length ?? 0;
      totals.charged[intent.currency] = (totals.charged[intent.currency] ?? 0) + intent.amount_received;
      totals.refunded[intent.currency] = (totals.refunded[intent.currency] ?? 0) + this.#refundedOf(intent.id);
    }
    return totals;
  }

  /** Every object, intents before their refunds: enough to restore the account. */
  *contents(): Generator<{ paymentIntent: PaymentIntent } | { refund: Refund }> {
    for (const paymentIntent of this.#paymentIntents.values()) yield { paymentIntent };
    for (const refunds of this.#refunds.values()) for (const refund of refunds) yield { refund };
  }

  /** Puts an intent in place as it is. */
  restorePaymentIntent(intent: PaymentIntent): PaymentIntent {
    this.#paymentIntents.set(intent.id, intent);
    this.#listener({ paymentIntent: intent });
    return intent;
  }

  /** Adds a refund as it is. */
  restoreRefund(refund: Refund): Refund {
    const refunds = this.#refunds.get(refund.payment_intent);
    if (refunds === undefined) this.#refunds.set(refund.payment_intent, [refund]);
    else refunds.push(refund);
    this.#listener({ refund });
    return refund;
  }

  #refundedOf(paymentIntentId: string): number {
    return (this.#refunds.get(paymentIntentId) ?? []).reduce((sum, refund) => sum + refund.amount, 0);
  }

  #nowSeconds(): number {
    return Math.floor(this.#nowMs() / 1000);
  }
}

function pageOf<T extends { id: string }>(url: string, all: T[], page: { limit: number; startingAfter?: string }): ObjectList<T> {
  const start = page.startingAfter === undefined ? 0 : all.findIndex((object) => object.id === page.startingAfter) + 1;
  return { object: 'list', url, has_more: start + page.limit < all.length, data: all.slice(start, start + page.limit) };
}

function newId(prefix: 'pi' | 'ch' | 're'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}
