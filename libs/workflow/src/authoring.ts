import type { SearchAttributes } from '@backstitch/protocol';
import type { ActivityInterfaceFor } from './activity-function.js';
import type { ActivityOptions } from './activity-options.js';
import type { Duration } from './duration.js';
import { IllegalStateError } from './illegal-state-error.js';
import type { Handler, QueryDefinition, SignalDefinition } from './message-definitions.js';
import type { Saga, SagaOptions } from './saga.js';
import type { WorkflowInfo } from './workflow-info.js';
import type { WorkflowLogger } from './workflow-logger.js';

// Each run gets functions of its own for these when its code is loaded; what stands here is called only where there is no workflow.
function outside(name: string): IllegalStateError {
  return new IllegalStateError(`${name} works in workflow code only: it was called outside of the sandbox.`);
}

/**
 * Functions that schedule the activities of `T`. Temporal's meaning; a function also serves as a step or an undo in {@link saga}.
 * @throws TypeError (from each function's call too) for options that make no sense
 */
export function proxyActivities<T>(options: ActivityOptions): ActivityInterfaceFor<T> {
  void options;
  throw outside('proxyActivities');
}

/** Resolves after `duration`. Durable: for years, if need be. @throws CancelledFailure when its scope is cancelled */
export function sleep(duration: Duration): Promise<void> {
  void duration;
  throw outside('sleep');
}

/** Resolves when `predicate` holds. @throws CancelledFailure when its scope is cancelled */
export function condition(predicate: () => boolean): Promise<void>;
/** Resolves with true when `predicate` holds, with false after `timeout`. @throws CancelledFailure when its scope is cancelled */
export function condition(predicate: () => boolean, timeout: Duration): Promise<boolean>;
export function condition(predicate: () => boolean, timeout?: Duration): Promise<void | boolean> {
  void predicate;
  void timeout;
  throw outside('condition');
}

/** Names a signal. */
export function defineSignal<Args extends unknown[] = [], Name extends string = string>(name: Name): SignalDefinition<Args, Name> {
  return { type: 'signal', name };
}

/** Names a query. */
export function defineQuery<Result, Args extends unknown[] = [], Name extends string = string>(name: Name): QueryDefinition<Result, Args, Name> {
  return { type: 'query', name };
}

/**
 * Sets, or with `undefined` removes, the handler of a signal or a query. Signals that came before are handed over at once, in their order.
 * A query's handler must not change anything and must answer at once.
 */
export function setHandler<Definition extends SignalDefinition<unknown[]> | QueryDefinition<unknown, unknown[]>>(
  definition: Definition,
  handler: Handler<Definition> | undefined,
): void {
  void definition;
  void handler;
  throw outside('setHandler');
}

/** What this run knows of itself. */
export function workflowInfo(): WorkflowInfo {
  throw outside('workflowInfo');
}

/** A UUID (version 4) from the run's own randomness: the same on each replay. */
export function uuid4(): string {
  throw outside('uuid4');
}

/** Milliseconds since the epoch at this workflow task; the same as Date.now() in workflow code. */
export function now(): number {
  throw outside('now');
}

/** A number in [0, 1) from the run's own randomness; the same as Math.random() in workflow code. */
export function random(): number {
  throw outside('random');
}

/** Sets search attributes; `[]` removes one. What is not named stays. */
export function upsertSearchAttributes(searchAttributes: SearchAttributes): void {
  void searchAttributes;
  throw outside('upsertSearchAttributes');
}

/** Runs `body` as a saga; when it throws a failure, what its steps did is undone in reverse order of their start. */
export function saga<Result>(body: (saga: Saga) => Promise<Result>): Promise<Result>;
export function saga<Result>(options: SagaOptions, body: (saga: Saga) => Promise<Result>): Promise<Result>;
export function saga<Result>(
  optionsOrBody: SagaOptions | ((saga: Saga) => Promise<Result>),
  body?: (saga: Saga) => Promise<Result>,
): Promise<Result> {
  void optionsOrBody;
  void body;
  throw outside('saga');
}

/** Log lines of the workflow; silent while history is replayed. */
export const log: WorkflowLogger = {
  trace: () => throwOutsideLog(),
  debug: () => throwOutsideLog(),
  info: () => throwOutsideLog(),
  warn: () => throwOutsideLog(),
  error: () => throwOutsideLog(),
};

function throwOutsideLog(): never {
  throw outside('log');
}
