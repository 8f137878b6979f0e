import type { RunState } from '../run/run-state.js';

/** Runs whose code is alive in the sandbox, with their state; the least recently used goes first. */
export class RunCache {
  /** In order of use: a Map keeps the order of insertion. */
  readonly #states = new Map<string, RunState>();
  readonly #runIds = new Map<string, string>();

  constructor(readonly runsMax: number) {}

  get size(): number {
    return this.#states.size;
  }

  get(runId: string): RunState | undefined {
    const state = this.#states.get(runId);
    if (state !== undefined) {
      this.#states.delete(runId);
      this.#states.set(runId, state);
    }
    return state;
  }

  runIdOf(workflowId: string): string | undefined {
    return this.#runIds.get(workflowId);
  }

  /** Without counting it as used. */
  peek(runId: string): RunState | undefined {
    return this.#states.get(runId);
  }

  stateOf(workflowId: string): RunState | undefined {
    const runId = this.#runIds.get(workflowId);
    return runId === undefined ? undefined : this.#states.get(runId);
  }

  /** Runs of these partitions. */
  runIdsIn(partitions: ReadonlySet<number>): string[] {
    return [...this.#states.values()].filter(({ partition }) => partitions.has(partition)).map(({ runId }) => runId);
  }

  set(state: RunState): void {
    this.#states.delete(state.runId);
    this.#states.set(state.runId, state);
    this.#runIds.set(state.workflowId, state.runId);
  }

  delete(runId: string): void {
    const state = this.#states.get(runId);
    if (state !== undefined) {
      this.#states.delete(runId);
      // A newer run of the workflow id may have taken its place.
      if (this.#runIds.get(state.workflowId) === runId) {
        this.#runIds.delete(state.workflowId);
      }
    }
  }

  /** Drops the least recently used runs beyond the limit, save those in use, and names them. */
  shrink(isInUse: (runId: string) => boolean): string[] {
    const dropped: string[] = [];
    let excess = this.#states.size - this.runsMax;
    if (excess > 0) {
      for (const runId of [...this.#states.keys()]) {
        if (excess > 0 && !isInUse(runId)) {
          this.delete(runId);
          dropped.push(runId);
          excess -= 1;
        }
      }
    }
    return dropped;
  }
}
