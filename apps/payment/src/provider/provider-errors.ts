/** Base of what a payment provider's adapter throws. Messages never hold a key or a token. */
export abstract class ProviderError extends Error {
  abstract readonly code: string;
}

/** Nobody knows whether the request had its effect: no answer, a broken connection, or an error of the provider's own. */
export class ProviderDoubtError extends ProviderError {
  override readonly name = 'ProviderDoubtError';
  readonly code = 'PROVIDER_IN_DOUBT';

  /**
   * @param keySpent the provider answered with an error of its own, which it repeats for this idempotency key
   * @param replayed that answer was such a repetition: the first request under the key has ended
   */
  constructor(
    readonly operation: string,
    readonly reason: string,
    readonly keySpent: boolean = false,
    readonly replayed: boolean = false,
    options?: ErrorOptions,
  ) {
    super(`The payment provider left it open whether "${operation}" happened: ${reason}`, options);
  }
}

/** The provider did not take the request (rate limit, or its key is not accepted): nothing happened; later it may. */
export class ProviderUnavailableError extends ProviderError {
  override readonly name = 'ProviderUnavailableError';
  readonly code = 'PROVIDER_UNAVAILABLE';
  constructor(
    readonly operation: string,
    readonly reason: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(`The payment provider did not take "${operation}": ${reason}`, options);
  }
}

/** The provider refuses the request as it is, now and later. Nothing happened. */
export class ProviderRefusedError extends ProviderError {
  override readonly name = 'ProviderRefusedError';
  readonly code = 'PROVIDER_REFUSED';
  constructor(
    readonly operation: string,
    readonly reason: string,
    readonly providerCode?: string,
    options?: ErrorOptions,
  ) {
    super(`The payment provider refused "${operation}": ${reason}`, options);
  }
}

/** The means of payment is unknown or refused before anything could be charged. */
export class PaymentMethodRefusedError extends ProviderError {
  override readonly name = 'PaymentMethodRefusedError';
  readonly code = 'PAYMENT_METHOD_REFUSED';
  constructor(
    readonly declineCode: string,
    options?: ErrorOptions,
  ) {
    super(`The means of payment was refused: ${declineCode}`, options);
  }
}

/** The intent's state does not allow the call: somebody was there before. Nothing happened; ask how it stands. */
export class IntentStateError extends ProviderError {
  override readonly name = 'IntentStateError';
  readonly code = 'INTENT_STATE';
  constructor(
    readonly operation: string,
    readonly intentId: string,
    options?: ErrorOptions,
  ) {
    super(`The state of payment "${intentId}" does not allow "${operation}".`, options);
  }
}

/** The idempotency key was used for another request. Nothing happened under this one. */
export class ProviderKeyReusedError extends ProviderError {
  override readonly name = 'ProviderKeyReusedError';
  readonly code = 'PROVIDER_KEY_REUSED';
  constructor(
    readonly operation: string,
    options?: ErrorOptions,
  ) {
    super(`The idempotency key of "${operation}" was used for another request.`, options);
  }
}
