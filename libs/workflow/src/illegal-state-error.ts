/** An authoring function was called where there is no workflow: outside of the sandbox, or from code that belongs to no run. */
export class IllegalStateError extends Error {
  override readonly name: string = 'IllegalStateError';
  readonly code = 'ILLEGAL_STATE';
}
