export { errorToFailure, failureToError } from '@backstitch/protocol/failures';
