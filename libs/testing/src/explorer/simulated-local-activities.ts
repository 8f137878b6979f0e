import { LocalActivityUnknownError, type LocalActivities, type LocalActivityInfo } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import type { Course } from './course.js';

/** A function of the orchestrator's own process. It may be run again after a crash: nothing keeps its effects from happening twice. */
export type LocalActivityHandler<State> = (state: State, ...args: never[]) => unknown;

/** Local activities on the simulated state, and pauses in simulated time. */
export class SimulatedLocalActivities<State> implements LocalActivities {
  constructor(
    private readonly course: Course,
    private readonly state: () => State,
    private readonly handlers: Readonly<Record<string, LocalActivityHandler<State>>>,
  ) {}

  async run(activityType: string, args: readonly JsonValue[], _info: LocalActivityInfo): Promise<JsonValue> {
    const handler = Object.hasOwn(this.handlers, activityType) ? this.handlers[activityType] : undefined;
    if (handler === undefined) {
      throw new LocalActivityUnknownError(activityType);
    }
    try {
      const result = (await handler(this.state(), ...(JSON.parse(JSON.stringify(args)) as never[]))) ?? null;
      return JSON.parse(JSON.stringify(result)) as JsonValue;
    } catch (error) {
      if (error instanceof Error) {
        // It tells of the machine, and would stand in the history.
        error.stack = undefined;
      }
      throw error;
    }
  }

  async delay(durationMs: number, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await new Promise<void>((resolve) => {
        const event = this.course.later(durationMs, resolve);
        signal.addEventListener(
          'abort',
          () => {
            this.course.cancel(event);
            resolve();
          },
          { once: true },
        );
      });
    }
  }
}
