import { scopeOf } from './activities.js';
import { CancellationScope } from './cancellation-scope.js';
import { durationToMs, pauseToMs, type Duration } from './duration.js';
import { chain } from './interceptor-chain.js';
import type { TimerInput, TimerOptions } from './interceptors.js';
import type { WorkflowRun } from './workflow-run.js';

/**
 * Runs that record this patch give a condition with a time limit of 0 a timer; before it, 0 meant no limit in Temporal's runtime. The id is
 * Temporal's, so that histories mean the same there.
 */
const CONDITION_ZERO_PATCH = '__sdk_internal_patch_number:1';

/** Resolves after `duration`, in the caller's scope. @throws TypeError for what is no duration */
export function sleepIn(run: WorkflowRun, duration: Duration, options?: TimerOptions): Promise<void> {
  const durationMs = pauseToMs(duration, 'The duration of sleep');
  const interceptors = run.interceptors?.outbound;
  if (interceptors === undefined) return run.sleep(scopeOf(run), durationMs, undefined, options?.summary);
  const start = chain(interceptors, 'startTimer', (input: TimerInput) => run.sleep(scopeOf(run), input.durationMs, input.seq, input.options?.summary));
  return start({ durationMs, seq: run.timers.takeSeq(), options });
}

/** {@link sleepIn} as runs of runtime version 1 have it. */
export async function legacySleepIn(run: WorkflowRun, duration: Duration): Promise<void> {
  return run.sleep(scopeOf(run), durationToMs(duration, 'The duration of sleep'));
}

/** Resolves when `predicate` holds; with a time limit with true, or with false when it has passed. */
export async function conditionIn(run: WorkflowRun, predicate: () => boolean, timeout?: Duration, options?: TimerOptions): Promise<boolean> {
  if (timeout === undefined || timeout === null) return run.condition(scopeOf(run), predicate);
  if (timeout === 0 && !run.hasPatch(CONDITION_ZERO_PATCH, false)) return run.condition(scopeOf(run), predicate);
  return new CancellationScope({ cancellable: true, parent: scopeOf(run) }).run(async () => {
    try {
      return await Promise.race([sleepIn(run, timeout, options).then(() => false), run.condition(scopeOf(run), predicate).then(() => true)]);
    } finally {
      CancellationScope.current().cancel();
    }
  });
}

/** {@link conditionIn} as runs of runtime version 1 have it. */
export async function legacyConditionIn(run: WorkflowRun, predicate: () => boolean, timeout?: Duration): Promise<boolean> {
  return run.condition(scopeOf(run), predicate, timeout === undefined ? undefined : durationToMs(timeout, 'The timeout of condition'));
}
