import type { ActivityInfo } from '@backstitch/activity/simulation';
import type { JsonValue } from '@backstitch/protocol';

/** What a handler can know, as in libs/activity. */
export interface SimulatedContext {
  /** The idempotency key of the step: the same in every attempt. */
  readonly key: string;
  /** With `undo` in undos, `checkpoint`, `startedBefore`, `heartbeatDetails`, `attempt` … */
  readonly info: ActivityInfo;
  /** All arguments; `input` is the first. */
  readonly args: readonly unknown[];
  /** Aborted when the attempt is to be given up. */
  readonly signal: AbortSignal;
  /** Says that the attempt is alive. Details are a hint for the next attempt: they may arrive, or not. */
  heartbeat(details?: unknown): void;
}

/** What handlers with effects outside of their transaction can do besides. Wherever they await it, the schedule may go on with something else, or crash the worker. */
export interface ExternalContext<State> extends SimulatedContext {
  /** Commits a slice of work, and its checkpoint, in a transaction of its own; refused if the step was undone. `work` may run again before it commits. */
  transaction<T>(work: (state: State) => T | Promise<T>, options?: { checkpoint?: JsonValue | ((value: T) => JsonValue) }): Promise<T>;
  /** Commits the last slice and the activity's result together. */
  completeWith<T>(work: (state: State) => T | Promise<T>): Promise<T>;
  /** A moment between two effects, at which a schedule may put something. @param name for the printed schedule, in kebab-case */
  pause(name?: string): Promise<void>;
  /** Waits in simulated time. Rejects when the attempt is to be given up. */
  sleep(durationMs: number): Promise<void>;
}

/** What handlers can do that work slice by slice on `state`. */
export interface ResumableContext extends SimulatedContext {
  /** Commits what was done with `state` since the last commit, together with the checkpoint: the next attempt finds it in `info.checkpoint`. */
  commit(checkpoint?: JsonValue): Promise<void>;
}

type Handled<Result> = Result | Promise<Result>;

/** An activity of a simulated service. */
export type SimulatedActivity<State> =
  | { readonly mode: 'transaction'; readonly handler: (state: State, input: never, context: SimulatedContext) => unknown; readonly defect?: SimulatedDefect }
  | { readonly mode: 'external'; readonly handler: (state: State, input: never, context: ExternalContext<State>) => unknown; readonly defect?: SimulatedDefect }
  | { readonly mode: 'resumable'; readonly handler: (state: State, input: never, context: ResumableContext) => unknown; readonly defect?: SimulatedDefect };

/** By activity type. A plain function is a transactional one. */
export type SimulatedActivities<State> = Readonly<Record<string, SimulatedActivity<State> | ((state: State, input: never, context: SimulatedContext) => unknown)>>;

/**
 * What a service's author could get wrong, for tests of what finds it.
 *
 * - `inboxOutsideTransaction`: the effect commits first, its key and result afterwards
 * - `noTombstone`: an undo that does not keep its step from running later
 *
 * @internal
 */
export type SimulatedDefect = 'inboxOutsideTransaction' | 'noTombstone';

/** An activity whose effect, key and result commit together: the default mode of libs/activity. Runs on a copy of the state, which commits when it has returned; may run again before that. */
export function transaction<State, Input = unknown, Result = unknown>(handler: (state: State, input: Input, context: SimulatedContext) => Handled<Result>): SimulatedActivity<State> {
  return { mode: 'transaction', handler };
}

/** An activity whose effects happen at once and stay, whatever becomes of its attempt: calls of a provider, mails. Mode `external` of libs/activity. */
export function external<State, Input = unknown, Result = unknown>(handler: (state: State, input: Input, context: ExternalContext<State>) => Handled<Result>): SimulatedActivity<State> {
  return { mode: 'external', handler };
}

/** Long work on a copy of the state that `context.commit` commits slice by slice; what follows the last one commits with the result. As `resumable` of libs/activity. */
export function resumable<State, Input = unknown, Result = unknown>(handler: (state: State, input: Input, context: ResumableContext) => Handled<Result>): SimulatedActivity<State> {
  return { mode: 'resumable', handler };
}

/** The same activity with something wrong. @internal */
export function withDefect<State>(activity: SimulatedActivity<State>, defect: SimulatedDefect): SimulatedActivity<State> {
  return { ...activity, defect };
}
