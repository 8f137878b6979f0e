/** What the command ends with. */
export const EXIT_CODE = {
  /** Done; of `replay`: nothing would break. */
  OK: 0,
  /** Refused or failed; of `replay`: something would break. */
  FAILED: 1,
  /** The command line is wrong: nothing was done. */
  USAGE: 2,
  /** No orchestrator, or no database, answers. */
  UNREACHABLE: 3,
} as const;

/** The command line cannot be understood, or asks for what makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** The database cannot be reached, or has no orchestrator's tables that can be read. */
export class DatabaseUnreadableError extends Error {
  override readonly name = 'DatabaseUnreadableError';
  readonly code = 'DATABASE_UNREADABLE';
}

/** A file does not hold what it should. */
export class FileUnreadableError extends Error {
  override readonly name = 'FileUnreadableError';
  readonly code = 'FILE_UNREADABLE';
  constructor(
    readonly file: string,
    reason: string,
    options?: { cause?: unknown },
  ) {
    super(`${file} ${reason}`, options);
  }
}

/** The workflow whose result was awaited ended without one, or has not ended in time. */
export class WorkflowNotCompletedError extends Error {
  override readonly name = 'WorkflowNotCompletedError';
  readonly code = 'WORKFLOW_NOT_COMPLETED';
}

/** Of many incidents some could not be resolved; which, was told one by one. */
export class IncidentsNotResolvedError extends Error {
  override readonly name = 'IncidentsNotResolvedError';
  readonly code = 'INCIDENTS_NOT_RESOLVED';
  constructor(
    readonly incidents: number,
    readonly refused: number,
  ) {
    super(`${incidents - refused} of ${incidents} resolved; ${refused} refused.`);
  }
}
