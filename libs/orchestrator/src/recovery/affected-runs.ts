/** Runs that have an attempt on no queue; bounded, so that beyond the limit only a scan of the database knows them all. */
export class AffectedRuns {
  readonly #runIds = new Set<string>();
  readonly #runIdsMax: number;
  #overflowed = false;

  constructor(runIdsMax: number) {
    this.#runIdsMax = runIdsMax;
  }

  get isEmpty(): boolean {
    return this.#runIds.size === 0 && !this.#overflowed;
  }

  add(runIds: readonly string[]): void {
    for (const runId of runIds) {
      if (this.#overflowed || this.#runIds.size >= this.#runIdsMax) {
        this.#overflowed = true;
        this.#runIds.clear();
        return;
      }
      this.#runIds.add(runId);
    }
  }

  /** Takes out the oldest. */
  take(count: number): string[] {
    const taken: string[] = [];
    for (const runId of this.#runIds) {
      if (taken.length >= count) break;
      taken.push(runId);
    }
    taken.forEach((runId) => this.#runIds.delete(runId));
    return taken;
  }

  /** Whether there were too many to remember; asking forgets it. */
  takeOverflow(): boolean {
    const overflowed = this.#overflowed;
    this.#overflowed = false;
    return overflowed;
  }
}
