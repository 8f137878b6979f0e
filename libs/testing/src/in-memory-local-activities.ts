import { LocalActivityUnknownError, type Clock, type LocalActivities, type LocalActivityInfo } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import { asJson } from './workflow-harness/as-json.js';

/** A function that stands in for a local activity. */
export type LocalActivityFunction = (info: LocalActivityInfo, signal: AbortSignal, ...args: JsonValue[]) => JsonValue | Promise<JsonValue>;

/** LocalActivities in memory, for tests: functions of the test, and pauses that end when the test says that the time has come. */
export class InMemoryLocalActivities implements LocalActivities {
  readonly functions = new Map<string, LocalActivityFunction>();
  /** Every attempt that began, in order. */
  readonly attempts: LocalActivityInfo[] = [];
  #delays: { untilMs: number; resolve: () => void }[] = [];

  constructor(readonly clock: Clock) {}

  async run(activityType: string, args: readonly JsonValue[], info: LocalActivityInfo, signal: AbortSignal): Promise<JsonValue> {
    const found = this.functions.get(activityType);
    if (found === undefined) {
      throw new LocalActivityUnknownError(activityType);
    }
    this.attempts.push(info);
    return asJson(await found(info, signal, ...args));
  }

  async delay(durationMs: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#delays.push({ untilMs: this.clock.now() + durationMs, resolve });
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** To be called when the clock has moved: ends the pauses whose time has come. */
  timePassed(): void {
    const due = this.#delays.filter(({ untilMs }) => untilMs <= this.clock.now());
    this.#delays = this.#delays.filter(({ untilMs }) => untilMs > this.clock.now());
    due.forEach(({ resolve }) => resolve());
  }
}
