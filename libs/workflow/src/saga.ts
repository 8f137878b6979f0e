import type { UndoInput } from '@backstitch/protocol';
import { runFor } from './current-run.js';
import type { Duration } from './duration.js';
import { SagaRun } from './saga-run.js';

/** How a saga undoes. */
export interface SagaOptions {
  /** Undos run all at once instead of one after the other. Default false. */
  parallelUndo?: boolean;
  /**
   * Called when the saga begins to undo, before the first undo, with what the body threw; a cancellation of the workflow does not reach it.
   * A failure thrown here is logged and changes nothing.
   */
  onCompensating?: (error: Error) => void | Promise<void>;
}

/** How long a lock is waited for. */
export interface LockOptions {
  /** Default: for ever. */
  timeout?: Duration;
}

/** Takes back what a step did. It gets the step's input, and its result where one is known. */
export type UndoFunction<Input, Result> = (undo: UndoInput<Input, Result>) => Promise<unknown>;

/** What the body of a saga gets. */
export interface Saga {
  /**
   * Runs an activity as a step: it and its undo are recorded as one event (law L3), so that the step cannot run without its undo being known.
   * @param activity a function of proxyActivities
   * @param input the activity's single argument
   * @param options `undo`: a function of proxyActivities, or `'none'` for a step that leaves nothing to undo. Its queue is by default
   * the compensation queue of the step's service, its retry policy by default for ever, at most a minute apart. Beyond the pivot it counts for nothing.
   * @throws ActivityFailure when the step failed for good (never beyond the pivot), CancelledFailure when the saga was cancelled before it
   */
  step<Input, Result>(
    activity: (input: Input) => Promise<Result>,
    input: NoInfer<Input>,
    options: { undo: UndoFunction<NoInfer<Input>, NoInfer<Result>> | 'none' },
  ): Promise<Result>;

  /**
   * Runs an activity as the point of no return. While it runs, and after it, a cancellation from outside does not reach the saga. It is retried for ever,
   * unless it is refused by a failure that must not be retried: then the saga is undone like after any step. Once it has succeeded, nothing is undone any
   * more; later steps are tried again until they succeed, whatever they fail with.
   * @throws ActivityFailure when the pivot was refused
   */
  pivot<Input, Result>(activity: (input: Input) => Promise<Result>, input: NoInfer<Input>): Promise<Result>;

  /**
   * Waits for a lock, in order of asking, and holds it to the saga's end: until it has returned, or all its undos have run.
   * @param name what is locked: a business key such as `account-17`
   * @throws ActivityFailure when `timeout` has passed, CancelledFailure or ActivityFailure when the saga was cancelled before
   */
  lock(name: string, options?: LockOptions): Promise<void>;

  /** A saga within this one: undone by itself when its own body throws; once it has returned, its steps are this one's, and are undone with it. */
  saga<Result>(body: (saga: Saga) => Promise<Result>): Promise<Result>;
  saga<Result>(options: SagaOptions, body: (saga: Saga) => Promise<Result>): Promise<Result>;
}

/**
 * Runs `body`; when it throws a failure (a cancellation too), undoes the steps that it started, in reverse order of their start, then throws
 * that failure again. Steps still under way then are cancelled, and undone like the others; undoing itself is beyond cancellation.
 *
 * An error that is no TemporalFailure is a bug, not an outcome: nothing is undone and the workflow task fails, so that mended code goes on from there.
 *
 * `continueAsNew` within the body carries what is owed along: the next run's first saga takes it over, as if those steps had been its first.
 *
 * @throws ApplicationFailure of type `SagaUndoFailed`, if undos failed for good, after all others have run
 */
export function saga<Result>(body: (saga: Saga) => Promise<Result>): Promise<Result>;
export function saga<Result>(options: SagaOptions, body: (saga: Saga) => Promise<Result>): Promise<Result>;
export function saga<Result>(optionsOrBody: SagaOptions | ((saga: Saga) => Promise<Result>), body?: (saga: Saga) => Promise<Result>): Promise<Result> {
  runFor('saga');
  if (typeof optionsOrBody === 'function') return new SagaRun({}).run(optionsOrBody);
  if (typeof body !== 'function') throw new TypeError('saga takes a body: saga(body) or saga(options, body).');
  return new SagaRun(optionsOrBody).run(body);
}
