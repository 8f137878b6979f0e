import { runFor } from './current-run.js';
import type { Duration } from './duration.js';
import type { TimerOptions } from './interceptors.js';
import { conditionIn, sleepIn } from './timers.js';
import { workflowInfoOf, type WorkflowInfo } from './workflow-info.js';
import { createWorkflowLogger, type WorkflowLogger } from './workflow-logger.js';
import { inWorkflowContext } from './current-run.js';

// Each run gets functions of its own for these when its code is loaded: see create-workflow-api.ts. These find the run by the calling code.

/** Resolves after `duration`; 0 and less count as 1 ms. Durable: for years, if need be. @throws CancelledFailure when its scope is cancelled */
export function sleep(duration: Duration, options?: TimerOptions): Promise<void> {
  return sleepIn(runFor('sleep'), duration, options);
}

/** Resolves with true when `predicate` holds, with false after `timeout`. @throws CancelledFailure when its scope is cancelled */
export function condition(predicate: () => boolean, timeout: Duration, options?: TimerOptions): Promise<boolean>;
/** Resolves when `predicate` holds. @throws CancelledFailure when its scope is cancelled */
export function condition(predicate: () => boolean): Promise<void>;
export function condition(predicate: () => boolean, timeout?: Duration, options?: TimerOptions): Promise<void | boolean> {
  return conditionIn(runFor('condition'), predicate, timeout, options);
}

/** What this run knows of itself. */
export function workflowInfo(): WorkflowInfo {
  return workflowInfoOf(runFor('workflowInfo'));
}

/** A UUID (version 4) from the run's own randomness: the same on each replay. */
export function uuid4(): string {
  return runFor('uuid4').random.uuid4();
}

/** Milliseconds since the epoch at this workflow task; the same as Date.now() in workflow code. */
export function now(): number {
  return runFor('now').timestampMs;
}

/** A number in [0, 1) from the run's own randomness; the same as Math.random() in workflow code. */
export function random(): number {
  return runFor('random').random.next();
}

/** Log lines of the workflow; silent while history is replayed, and outside of a workflow. */
export const log: WorkflowLogger = createWorkflowLogger(() => (inWorkflowContext() ? runFor('log') : undefined));
