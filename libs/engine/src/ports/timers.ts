/** Does things later. */
export interface Timers {
  /** Calls `run` at that time of the engine's clock or soon after, not before it. Answers what takes that back. */
  at(timeMs: number, run: () => void): () => void;
}
