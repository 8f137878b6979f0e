import { LocalActivityUnknownError, type LocalActivities, type LocalActivityInfo } from '@backstitch/engine';
import { decodePayloads, encodePayload, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import { abortableDelay } from './recovery/abortable-delay.js';

/** What a local activity may want beside its arguments. */
export interface LocalActivityContext {
  info: LocalActivityInfo;
  /** Aborts when the workflow cancels it, or its time is up. */
  signal: AbortSignal;
}

/** A function of the orchestrator's own process. It is called with its arguments, and with a context as `this`. */
// Arguments must stay open here: a local activity may have any.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type LocalActivityFunction = (this: LocalActivityContext, ...args: any[]) => unknown;

/** Local activities by name. */
export function functionActivities(functions: Readonly<Record<string, LocalActivityFunction>>, codec?: PayloadCodec): LocalActivities {
  return {
    run: async (activityType, args, info, signal) => {
      const activity = Object.hasOwn(functions, activityType) ? functions[activityType] : undefined;
      if (activity === undefined) {
        throw new LocalActivityUnknownError(activityType);
      }
      const result: unknown = await activity.apply({ info, signal }, await decodePayloads(codec, [...args]));
      return encodePayload(codec, (result === undefined ? null : JSON.parse(JSON.stringify(result) ?? 'null')) as JsonValue);
    },
    delay: async (durationMs, signal) => {
      await abortableDelay(durationMs, signal);
    },
  };
}
