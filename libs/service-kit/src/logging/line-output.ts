import type { DestinationStream } from 'pino';

/** Lines that wait are written once they are so long. */
const WAITING_CHARACTERS_MAX = 16_384;
/** No line waits longer. */
const WAIT_MS_MAX = 50;
/** These can wait; whatever else is written at once, with all that waits before it. */
const PATIENT = /^\{"level":"(info|debug|trace)"/;

/**
 * Writes what is logged at one time together: a write of its own for each line costs more than the line.
 *
 * Guarantees: lines keep their order; none waits longer than 50 ms; warnings and worse do not wait; nothing is left behind when the process exits, whatever
 * the reason, unless it is killed.
 */
export class LineOutput implements DestinationStream {
  readonly #target: DestinationStream;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(target: DestinationStream) {
    this.#target = target;
  }

  write(line: string): void {
    this.#waiting += line;
    if (this.#waiting.length > WAITING_CHARACTERS_MAX || !PATIENT.test(line)) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS_MAX).unref();
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === '') return;
    const lines = this.#waiting;
    this.#waiting = '';
    this.#target.write(lines);
  }
}
