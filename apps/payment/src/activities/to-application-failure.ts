import { ApplicationFailure } from '@backstitch/activity';
import { PaymentRefusal } from '../payment-errors.js';
import { ProviderError, ProviderRefusedError, ProviderUnavailableError } from '../provider/provider-errors.js';

/**
 * An error of this service as the workflow sees it. Refusals end the step; what the provider left open, or did not take, is tried again.
 * The provider's own error is not passed on: it may quote more than others should read.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (error instanceof PaymentRefusal) return ApplicationFailure.nonRetryable(error.message, error.type, error.details());
  if (error instanceof ProviderUnavailableError) {
    return ApplicationFailure.create({ message: error.message, type: error.name, nextRetryDelay: error.retryAfterMs });
  }
  if (error instanceof ProviderRefusedError) {
    return ApplicationFailure.nonRetryable(error.message, error.name, { operation: error.operation, providerCode: error.providerCode ?? null });
  }
  if (error instanceof ProviderError) return ApplicationFailure.retryable(error.message, error.name);
  return error;
}
