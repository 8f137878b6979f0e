/** Two transactions have changed the same part of the state, and this one, which cannot be run again in place, has lost. Another attempt goes on from its checkpoint. */
export class TransactionConflictError extends Error {
  override readonly name = 'TransactionConflictError';
  readonly code = 'TRANSACTION_CONFLICT';
  constructor() {
    super('Another transaction has changed the same part of the state.');
  }
}
