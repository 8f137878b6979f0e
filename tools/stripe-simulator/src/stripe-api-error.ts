import type { PaymentIntent } from './objects.js';

/** Stripe's error types, as far as the simulator answers with them. */
export type StripeErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';

/** An answer that is an error: an HTTP status and Stripe's error object. */
export class StripeApiError extends Error {
  override readonly name = 'StripeApiError';

  constructor(
    readonly status: number,
    readonly type: StripeErrorType,
    message: string,
    readonly fields: { code?: string; decline_code?: string; param?: string; payment_intent?: PaymentIntent } = {},
  ) {
    super(message);
  }

  toBody(): { error: Record<string, unknown> } {
    return { error: { type: this.type, message: this.message, ...this.fields } };
  }
}

/** There is no object with that id. */
export function resourceMissing(what: string, id: string, param: string, status = 404): StripeApiError {
  return new StripeApiError(status, 'invalid_request_error', `No such ${what}: '${id}'`, { code: 'resource_missing', param });
}

/** A parameter is absent or not what it should be. */
export function parameterInvalid(param: string, message: string): StripeApiError {
  return new StripeApiError(400, 'invalid_request_error', message, { code: 'parameter_invalid', param });
}

/** The intent's state does not allow the call. */
export function unexpectedState(intent: PaymentIntent, call: string): StripeApiError {
  return new StripeApiError(
    400,
    'invalid_request_error',
    `This PaymentIntent's status is ${intent.status}, which does not allow it to be ${call}.`,
    { code: 'payment_intent_unexpected_state', payment_intent: intent },
  );
}
