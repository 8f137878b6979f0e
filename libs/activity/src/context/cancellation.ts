/** Why an attempt is to be given up. Temporal's names. */
export interface ActivityCancellationDetails {
  /** The workflow, or an operator, asked for it. */
  readonly cancelRequested: boolean;
  /** A time limit was reached. */
  readonly timedOut: boolean;
  /** The service stops: what does not finish in time is handed to another instance. */
  readonly workerShutdown: boolean;
  /** Never here: a paused activity's attempt goes on, and no further one begins. */
  readonly paused: boolean;
  /** Never here: an attempt that gave way to a new one is told by `cancelRequested`. */
  readonly reset: boolean;
  /** Never here. */
  readonly notFound: boolean;
}

/** Message of the CancelledFailure with which a signal is aborted, as in Temporal. */
export const CANCELLATION_REASON = { cancelled: 'CANCELLED', workerShutdown: 'WORKER_SHUTDOWN' } as const;
