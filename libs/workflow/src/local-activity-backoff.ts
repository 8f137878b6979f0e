/** The next attempt of a local activity is so far off that the workflow itself waits for it: caught by `scheduleLocalActivity`, never seen by workflow code. */
export class LocalActivityDoBackoff extends Error {
  override readonly name = 'LocalActivityDoBackoff';

  constructor(readonly backoff: { attempt: number; delayMs: number; originalScheduleTimeMs?: number }) {
    super();
  }
}
