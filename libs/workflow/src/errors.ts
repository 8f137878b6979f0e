export { IllegalStateError } from './illegal-state-error.js';

/** No run of that workflow id, or not that run. */
export class WorkflowNotFoundError extends Error {
  override readonly name = 'WorkflowNotFoundError';

  constructor(
    message: string,
    readonly workflowId: string,
    readonly runId: string | undefined,
  ) {
    super(message);
  }
}

/** Backstitch has one namespace only; the class is there for code that names it. */
export class NamespaceNotFoundError extends Error {
  override readonly name = 'NamespaceNotFoundError';

  constructor(readonly namespace: string) {
    super(`Namespace not found: '${namespace}'`);
  }
}

/** An activity throws it to say that its outcome will come from outside. */
export class CompleteAsyncError extends Error {
  override readonly name = 'CompleteAsyncError';
}

/** Backstitch has no external storage for payloads; the class is there for code that names it. */
export class ExternalStorageNotConfiguredError extends Error {
  override readonly name = 'ExternalStorageNotConfiguredError';

  constructor(message = 'Payloads are stored externally, but no external storage is configured.') {
    super(message);
  }
}

/** Base of what workflow code does wrong with the authoring API. */
export class WorkflowError extends Error {
  override readonly name: string = 'WorkflowError';
}

/** Workflow code did what cannot be replayed. */
export class DeterminismViolationError extends WorkflowError {
  override readonly name = 'DeterminismViolationError';
}
