import type { JsonObject, JsonValue } from '@backstitch/protocol';
import type { EntityManager } from 'typeorm';
import { Context } from '../context/context.js';

export interface ResumableOptions {
  /** Items in all, where they are known: ends the work there, and heartbeats tell the share. Default: the work ends with a slice that has fewer items than it might. */
  total?: number;
  /** Items that one slice may have. Default 500. */
  sliceSize?: number;
  /** Tells this work from others in the same handler, done before or after it. Default `work`. */
  name?: string;
}

/** A part of the work. */
export interface Slice {
  /** Items that earlier slices have done, in earlier attempts too. */
  readonly offset: number;
  /** Items that this one may do. */
  readonly limit: number;
}

/** What a slice can use. */
export interface SliceTools {
  /** The slice's transaction: what is done with it commits together with the checkpoint. */
  readonly manager: EntityManager;
  /** What the slice before has left as its cursor, e.g. the last key that it read; undefined in the first. */
  readonly cursor: JsonValue | undefined;
  /** Aborted when the work is to be given up. */
  readonly signal: AbortSignal;
}

/** How a slice went. A bare number is `items`; nothing means that it did all it might. */
export type SliceResult = void | number | { items?: number; cursor?: JsonValue; isLast?: boolean };

/** What became of the work. */
export interface ResumableResult {
  /** Items done, in all attempts. */
  items: number;
  /** Items that earlier attempts had done. */
  resumedFrom: number;
  /** What the last slice has left. */
  cursor?: JsonValue;
}

const DEFAULT_SLICE_SIZE = 500;

/**
 * Does long work in slices, each in a transaction of its own that commits together with the checkpoint of where it ended (law L4): whenever the process is killed,
 * the next attempt goes on exactly there, with no item twice and none left out. Between slices it heartbeats - how many are done, and of how many - and ends with
 * the reason if the attempt is to be given up. For activities of mode external.
 *
 * A slice must do the items that its offset (or cursor) says, whatever attempt it is in; it may be run again before it has committed.
 *
 * @throws {WrongActivityModeError} in activities of other modes; CancelledFailure; whatever a slice throws
 */
export async function resumable(options: ResumableOptions, work: (slice: Slice, tools: SliceTools) => Promise<SliceResult>): Promise<ResumableResult> {
  const { total = Infinity, sliceSize = DEFAULT_SLICE_SIZE, name = 'work' } = options;
  if (!Number.isSafeInteger(sliceSize) || sliceSize < 1) throw new RangeError('sliceSize must be a whole number above 0.');
  const context = Context.current();
  const saved = checkpointsOf(context);
  const resumed = progressOf(saved[name]);
  let progress = resumed;
  while (!progress.isDone) {
    context.cancellationSignal.throwIfAborted();
    const at = progress;
    const slice: Slice = { offset: at.items, limit: Math.min(sliceSize, total - at.items) };
    if (slice.limit <= 0) {
      progress = { ...at, isDone: true };
      break;
    }
    progress = await context.transaction(async (manager) => after(at, slice, await work(slice, { manager, cursor: at.cursor, signal: context.cancellationSignal })), {
      checkpoint: (next) => ({ ...saved, [name]: toJson(next) }),
    });
    context.heartbeat(total === Infinity ? { items: progress.items } : { items: progress.items, total, percent: Math.floor((100 * progress.items) / Math.max(1, total)) });
  }
  saved[name] = toJson(progress);
  return { items: progress.items, resumedFrom: resumed.items, ...(progress.cursor === undefined ? {} : { cursor: progress.cursor }) };
}

interface Progress {
  items: number;
  cursor?: JsonValue;
  isDone?: boolean;
}

function after(before: Progress, { limit }: Slice, result: SliceResult): Progress {
  const { items = limit, cursor, isLast } = typeof result === 'object' ? result : { items: result ?? undefined, cursor: undefined, isLast: undefined };
  return { items: before.items + items, ...(cursor === undefined ? (before.cursor === undefined ? {} : { cursor: before.cursor }) : { cursor }), isDone: isLast ?? items < limit };
}

/** What this attempt knows of the checkpoints of its works: shared by all of them, so that none forgets another's. */
const known = new WeakMap<Context, JsonObject>();

function checkpointsOf(context: Context): JsonObject {
  let found = known.get(context);
  if (found === undefined) {
    const { checkpoint } = context.info;
    found = typeof checkpoint === 'object' && checkpoint !== null && !Array.isArray(checkpoint) ? { ...checkpoint } : {};
    known.set(context, found);
  }
  return found;
}

function progressOf(saved: JsonValue | undefined): Progress {
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved) || typeof saved.items !== 'number') return { items: 0 };
  return { items: saved.items, ...(saved.cursor === undefined ? {} : { cursor: saved.cursor }), isDone: saved.isDone === true };
}

function toJson({ items, cursor, isDone }: Progress): JsonObject {
  return { items, ...(cursor === undefined ? {} : { cursor }), ...(isDone === true ? { isDone } : {}) };
}
