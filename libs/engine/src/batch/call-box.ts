import type { RunCall, RunCallAnswer, RunMessenger } from '../ports/run-messenger.js';

/** Calls handed to the messenger at once. */
const CALLS_PER_SEND_MAX = 200;

export interface CallBoxListener {
  answered(call: RunCall, answer: RunCallAnswer): void;
  /** Calls of these runs may not have got through: recovery makes them again. */
  failed(runIds: string[], error: unknown): void;
}

interface Waiting {
  call: RunCall;
  done: (answer: RunCallAnswer | undefined) => void;
}

/** Calls of committed turns on their way to other runs. Those of one moment go together; nobody waits for them. */
export class CallBox {
  #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(
    readonly messenger: RunMessenger,
    readonly listener: CallBoxListener,
  ) {}

  add(calls: readonly RunCall[]): void {
    calls.forEach((call) => this.#add(call, (answer) => answer !== undefined && this.listener.answered(call, answer)));
  }

  /** Makes calls whose answers are of interest only in that they came: then `done` is called. */
  addTogether(calls: readonly RunCall[], done: () => void): void {
    let open = calls.length;
    calls.forEach((call) =>
      this.#add(call, (answer) => {
        open -= answer === undefined ? 0 : 1;
        if (open === 0) {
          done();
        }
      }),
    );
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  #add(call: RunCall, done: Waiting['done']): void {
    this.#waiting.push({ call, done });
    if (this.#waiting.length === 1) {
      const run = this.#run().finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  async #run(): Promise<void> {
    // All turns of one commit go out together.
    await Promise.resolve();
    const waiting = this.#waiting;
    this.#waiting = [];
    const parts: Waiting[][] = [];
    for (let start = 0; start < waiting.length; start += CALLS_PER_SEND_MAX) {
      parts.push(waiting.slice(start, start + CALLS_PER_SEND_MAX));
    }
    await Promise.all(parts.map((part) => this.#send(part)));
  }

  async #send(part: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.messenger.send(part.map(({ call }) => call));
      part.forEach(({ done }, index) => done(answers[index]));
    } catch (error) {
      this.listener.failed([...new Set(part.map(({ call }) => call.sender.runId))], error);
      part.forEach(({ done }) => done(undefined));
    }
  }
}
