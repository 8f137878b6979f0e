import { ApplicationFailure } from '@backstitch/activity';
import { BUSINESS_FAILURE } from '@backstitch/contracts';
import {
  DeductionReturnedError,
  OrderAlreadyReservedError,
  OutOfStockError,
  ReservationStateError,
  ReturnAlreadyReceivedError,
  ReturnedPiecesReservedError,
  ReturnExceedsSaleError,
  SkuUnknownError,
} from '../inventory-errors.js';

/** What the workflow is told of an error of this domain: refusals are final, what may pass by waiting is retried. Other errors stay as they are. */
export function toApplicationFailure(error: unknown): unknown {
  if (error instanceof OutOfStockError) return ApplicationFailure.nonRetryable(error.message, BUSINESS_FAILURE.outOfStock, ...error.lines.map((line) => ({ ...line })));
  if (error instanceof SkuUnknownError) return ApplicationFailure.nonRetryable(error.message, BUSINESS_FAILURE.skuUnknown, ...error.skus.map((sku) => ({ sku })));
  if (error instanceof ReturnExceedsSaleError) {
    return ApplicationFailure.nonRetryable(error.message, BUSINESS_FAILURE.returnExceedsSale, ...error.lines.map((line) => ({ ...line })));
  }
  if (error instanceof ReturnedPiecesReservedError) {
    return ApplicationFailure.retryable(error.message, 'ReturnedPiecesReserved', ...error.lines.map((line) => ({ ...line })));
  }
  if (error instanceof OrderAlreadyReservedError) return ApplicationFailure.nonRetryable(error.message, 'OrderAlreadyReserved');
  if (error instanceof ReservationStateError) return ApplicationFailure.nonRetryable(error.message, 'ReservationState', { state: error.state ?? null });
  if (error instanceof DeductionReturnedError) return ApplicationFailure.nonRetryable(error.message, 'DeductionReturned');
  if (error instanceof ReturnAlreadyReceivedError) return ApplicationFailure.nonRetryable(error.message, 'ReturnAlreadyReceived');
  return error;
}
