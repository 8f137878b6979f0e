/** Randomness as the engine sees it. */
export interface Ids {
  /** A fresh run id: a UUID, time-ordered (version 7) so that indexes stay dense. */
  runId(): string;
  /** A number in [0, 1), for the jitter of retries. */
  random(): number;
}
