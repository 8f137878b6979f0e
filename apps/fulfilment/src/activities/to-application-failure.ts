import { ApplicationFailure } from '@backstitch/activity';
import { BUSINESS_FAILURE } from '@backstitch/contracts';
import { AddressNotServedError, OrderAlreadyShippedError, ShipmentDispatchedError, ShipmentDispatchingError } from '../fulfilment-errors.js';

/** What the workflow is told of an error of this domain: refusals are final, what may pass by waiting is retried. Other errors stay as they are. */
export function toApplicationFailure(error: unknown): unknown {
  if (error instanceof AddressNotServedError) return ApplicationFailure.nonRetryable(error.message, BUSINESS_FAILURE.addressNotServed, { country: error.country });
  if (error instanceof ShipmentDispatchedError) {
    return ApplicationFailure.nonRetryable(error.message, BUSINESS_FAILURE.shipmentDispatched, { trackingNumber: error.trackingNumber });
  }
  if (error instanceof ShipmentDispatchingError) return ApplicationFailure.retryable(error.message, 'ShipmentDispatching');
  if (error instanceof OrderAlreadyShippedError) return ApplicationFailure.nonRetryable(error.message, 'OrderAlreadyShipped');
  return error;
}
