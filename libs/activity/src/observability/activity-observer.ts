/**
 * How an attempt ended, for metrics. `repeated`: an earlier delivery had completed. `completesOutside`: its handler has returned, the result comes from elsewhere.
 * `handedBack`: the service stops, another instance makes it.
 */
export type AttemptStatus = 'completed' | 'repeated' | 'failed' | 'canceled' | 'completesOutside' | 'handedBack';

/** Facts that a service turns into metrics. Must not throw. */
export interface ActivityObserver {
  attemptStarted?(fact: { taskQueue: string; activityType: string; attempt: number }): void;
  attemptEnded?(fact: {
    taskQueue: string;
    activityType: string;
    attempt: number;
    status: AttemptStatus;
    durationMs: number;
    /** Of a failed attempt: `applicationFailureInfo.type`, or the kind of time-out. */
    failureType?: string;
  }): void;
  /** A reply job was sent with so many outcomes. */
  replySent?(outcomes: number): void;
  /** So many rows of runs that are gone were removed from the inbox. */
  inboxRowsRemoved?(rows: number): void;
}
