import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Stripe from 'stripe';
import type { CreateIntent, CreateRefund, PaymentProvider, ProviderIntent, ProviderRefund } from './payment-provider.js';
import {
  IntentStateError,
  PaymentMethodRefusedError,
  ProviderDoubtError,
  ProviderKeyReusedError,
  ProviderRefusedError,
  ProviderUnavailableError,
  type ProviderError,
} from './provider-errors.js';
import { createSingleRequestHttpClient } from './single-request-http-client.js';

export interface StripePaymentProviderOptions {
  apiKey: string;
  /** Origin of a simulator, e.g. `http://127.0.0.1:3010`. Absent: Stripe itself. */
  apiBase?: string;
  /** How long one request may take, in milliseconds. @default 10,000 */
  timeoutMs?: number;
  /** Connections kept open. @default 32 */
  connectionsMax?: number;
}

const REFUND_ID_KEY = 'backstitch_refund_id';
const ORDER_ID_KEY = 'order_id';
const PAGE_SIZE = 100;
/** Answers to a request about a means of payment that no other key and no later time changes. */
const METHOD_REFUSALS = new Set(['resource_missing', 'token_already_used', 'token_in_use', 'amount_too_small', 'amount_too_large']);

/** The payment provider on Stripe's PaymentIntents and Refunds, by the `stripe` package. */
export class StripePaymentProvider implements PaymentProvider {
  readonly #stripe: Stripe;
  readonly #agent: HttpAgent;

  constructor(options: StripePaymentProviderOptions) {
    const base = options.apiBase === undefined ? undefined : new URL(options.apiBase);
    const insecure = base?.protocol === 'http:';
    const agentOptions = { keepAlive: true, maxSockets: options.connectionsMax ?? 32 };
    this.#agent = insecure ? new HttpAgent(agentOptions) : new HttpsAgent(agentOptions);
    this.#stripe = new Stripe(options.apiKey, {
      maxNetworkRetries: 0,
      timeout: options.timeoutMs ?? 10_000,
      telemetry: false,
      httpClient: createSingleRequestHttpClient(Stripe.createNodeHttpClient(this.#agent)),
      ...(base === undefined
        ? {}
        : { host: base.hostname, port: base.port === '' ? (insecure ? 80 : 443) : Number(base.port), protocol: insecure ? 'http' : 'https' }),
    });
  }

  async createIntent(request: CreateIntent, idempotencyKey: string): Promise<ProviderIntent> {
    const intent = await this.#call('create intent', undefined, () =>
      this.#stripe.paymentIntents.create(
        {
          amount: request.amountMinor,
          currency: request.currency.toLowerCase(),
          allowed_payment_method_types: ['card'],
          metadata: { [ORDER_ID_KEY]: request.orderId },
          ...(request.paymentToken.startsWith('tok_')
            ? { payment_method_data: { type: 'card', card: { token: request.paymentToken } } as Stripe.PaymentIntentCreateParams.PaymentMethodData }
            : { payment_method: request.paymentToken }),
        },
        { idempotencyKey },
      ),
    );
    return intentOf(intent);
  }

  async confirmIntent(intentId: string, idempotencyKey: string): Promise<ProviderIntent> {
    try {
      return intentOf(
        await this.#call('confirm intent', intentId, () =>
          // Nobody is there to authenticate: a card that asks for it counts as declined.
          this.#stripe.paymentIntents.confirm(intentId, { error_on_requires_action: true }, { idempotencyKey }),
        ),
      );
    } catch (error) {
      if (!(error instanceof PaymentMethodRefusedError)) throw error;
      return { ...(await this.retrieveIntent(intentId)), status: 'declined', declineCode: error.declineCode };
    }
  }

  async retrieveIntent(intentId: string): Promise<ProviderIntent> {
    return intentOf(await this.#call('retrieve intent', intentId, () => this.#stripe.paymentIntents.retrieve(intentId)));
  }

  async cancelIntent(intentId: string): Promise<ProviderIntent> {
    return intentOf(await this.#call('cancel intent', intentId, () => this.#stripe.paymentIntents.cancel(intentId)));
  }

  async createRefund(request: CreateRefund, idempotencyKey: string): Promise<ProviderRefund> {
    const refund = await this.#call('create refund', request.intentId, () =>
      this.#stripe.refunds.create(
        { payment_intent: request.intentId, amount: request.amountMinor, metadata: { [REFUND_ID_KEY]: request.refundId } },
        { idempotencyKey },
      ),
    );
    if (hasFailed(refund)) throw new ProviderRefusedError('create refund', refund.failure_reason ?? 'the refund failed', 'refund_failed');
    return { providerRefundId: refund.id, amountMinor: refund.amount };
  }

  async findRefund(intentId: string, refundId: string): Promise<ProviderRefund | undefined> {
    return this.#call('list refunds', intentId, async () => {
      for await (const refund of this.#stripe.refunds.list({ payment_intent: intentId, limit: PAGE_SIZE })) {
        if (refund.metadata?.[REFUND_ID_KEY] === refundId && !hasFailed(refund)) return { providerRefundId: refund.id, amountMinor: refund.amount };
      }
      return undefined;
    });
  }

  /** Lets go of the connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #call<T>(operation: string, intentId: string | undefined, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw providerErrorOf(error, operation, intentId);
    }
  }
}

/** What Stripe's error means for the protocol. The original stays as `cause`. */
function providerErrorOf(error: unknown, operation: string, intentId: string | undefined): ProviderError {
  const options = { cause: error };
  const { errors } = Stripe;
  if (error instanceof errors.StripeCardError) return new PaymentMethodRefusedError(error.decline_code ?? error.code ?? 'card_error', options);
  if (error instanceof errors.StripeRateLimitError) {
    const seconds = Number(error.headers?.['retry-after']);
    return new ProviderUnavailableError(operation, 'too many requests', seconds > 0 ? seconds * 1000 : undefined, options);
  }
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
    return new ProviderUnavailableError(operation, 'the API key is not accepted', undefined, options);
  }
  if (error instanceof errors.StripeIdempotencyError) return new ProviderKeyReusedError(operation, options);
  if (error instanceof errors.StripeInvalidRequestError) {
    if (error.code === 'payment_intent_unexpected_state' && intentId !== undefined) return new IntentStateError(operation, intentId, options);
    if (operation === 'create intent' && METHOD_REFUSALS.has(error.code ?? '')) return new PaymentMethodRefusedError(error.code ?? 'refused', options);
    return new ProviderRefusedError(operation, error.message, error.code, options);
  }
  if (error instanceof errors.StripeConnectionError) return new ProviderDoubtError(operation, error.message, false, false, options);
  if (error instanceof errors.StripeAPIError) {
    const status = error.statusCode ?? 0;
    const replayed = error.headers?.['idempotent-replayed'] === 'true';
    // 409: the first request under this key is still at work, so the key is not spent.
    return new ProviderDoubtError(operation, `the provider answered ${status}`, status >= 500, replayed, options);
  }
  return new ProviderDoubtError(operation, error instanceof Error ? error.message : 'unknown error', false, false, options);
}

function intentOf(intent: Stripe.PaymentIntent): ProviderIntent {
  return {
    intentId: intent.id,
    status: statusOf(intent),
    amountMinor: intent.amount,
    currency: intent.currency.toUpperCase(),
    ...(intent.last_payment_error ? { declineCode: intent.last_payment_error.decline_code ?? intent.last_payment_error.code } : {}),
  };
}

function statusOf(intent: Stripe.PaymentIntent): ProviderIntent['status'] {
  switch (intent.status) {
    case 'succeeded':
      return 'succeeded';
    case 'requires_confirmation':
      return 'unconfirmed';
    case 'canceled':
      return 'cancelled';
    case 'requires_payment_method':
    case 'requires_action':
      return 'declined';
    case 'processing':
    case 'requires_capture':
      return 'processing';
    default:
      // A status that this version does not know: ask again later rather than act on a guess.
      return 'processing';
  }
}

function hasFailed(refund: Stripe.Refund): boolean {
  return refund.status === 'failed' || refund.status === 'canceled';
}
