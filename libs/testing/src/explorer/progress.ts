import type { ExploreProgress } from './explore-options.js';

/** Schedules between two tellings. */
export const TELL_EVERY = 100;

/** Tells how far an exploration has come, now and then. */
export class ProgressTeller {
  readonly #tell: (progress: ExploreProgress) => void;
  #hasWritten = false;
  #told: { phase: string; done: number } | undefined;

  constructor(tell: ((progress: ExploreProgress) => void) | undefined) {
    this.#tell = tell ?? ((progress) => this.#write(progress));
  }

  tell(progress: ExploreProgress): void {
    const { phase, done, total } = progress;
    const isNews = this.#told?.phase !== phase || done - this.#told.done >= TELL_EVERY || done === total;
    if (isNews) {
      this.#told = { phase, done };
      this.#tell(progress);
    }
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.#hasWritten) {
      process.stderr.write('\r\x1b[K');
    }
  }

  #write({ phase, done, total }: ExploreProgress): void {
    if (process.stderr.isTTY) {
      this.#hasWritten = true;
      process.stderr.write(`\r\x1b[Kexploring: ${phase} ${done}${total === undefined ? '' : ` of ${total}`}`);
    }
  }
}
