import type { UndoInput } from '@backstitch/protocol';
import { activityReferenceOf } from './activity-function.js';
import { undoOnce, type ResolvedUndo } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from './failures.js';
import type { ScheduledActivity } from './pending-activities.js';
import { currentScope } from './scope-context.js';

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

/** Takes back what a step did. It gets the step's input, and its result where one is known. */
export type UndoFunction<Input, Result> = (undo: UndoInput<Input, Result>) => Promise<unknown>;

/** What the body of a saga gets. */
export interface Saga {
  /**
   * Runs an activity as a step: it and its undo are recorded as one event (law L3), so that the step cannot run without its undo being known.
   * @param activity a function of proxyActivities
   * @param input the activity's single argument
   * @param options `undo`: a function of proxyActivities, or `'none'` for a step that leaves nothing to undo. Its queue is by default
   * the compensation queue of the step's service, its retry policy by default for ever, at most a minute apart.
   * @throws ActivityFailure when the step failed for good, CancelledFailure when the saga was cancelled before it
   */
  step<Input, Result>(
    activity: (input: Input) => Promise<Result>,
    input: NoInfer<Input>,
    options: { undo: UndoFunction<NoInfer<Input>, NoInfer<Result>> | 'none' },
  ): Promise<Result>;
}

/** `type` of the failure that a saga ends with when undos failed for good. Its details list them, its cause is what began the undoing. */
export const SAGA_UNDO_FAILED = 'SagaUndoFailed';

interface StartedStep {
  seq: number;
  scheduled: ScheduledActivity;
  undo: ResolvedUndo;
}

interface FailedUndo {
  step: string;
  undo: string;
  message: string;
}

/**
 * Runs `body`; when it throws a failure (a cancellation too), undoes the steps that it started, in reverse order of their start, then throws
 * that failure again. Steps still under way then are cancelled, and undone like the others; undoing itself is beyond cancellation.
 *
 * An error that is no TemporalFailure is a bug, not an outcome: nothing is undone and the workflow task fails, so that mended code goes on from there.
 *
 * @throws ApplicationFailure of type `SagaUndoFailed`, if undos failed for good, after all others have run
 */
export function runSaga<Result>(options: SagaOptions, body: (saga: Saga) => Promise<Result>): Promise<Result> {
  return new SagaRun(options).run(body);
}

class SagaRun {
  readonly #steps: StartedStep[] = [];
  readonly #scope = new CancellationScope({ cancellable: true });
  /** Set when undoing begins. */
  #undoneBecauseOf: TemporalFailure | undefined;

  constructor(readonly options: SagaOptions) {}

  // Not an async function: one is a generator here, and the engine of the language keeps what a generator sees alive for long after its end.
  run<Result>(body: (saga: Saga) => Promise<Result>): Promise<Result> {
    const saga: Saga = { step: (activity, input, options) => this.#step(activity, input, options) };
    return new Promise((resolve, reject) => {
      this.#scope
        .run(() => body(saga))
        .then(
          (result) => {
            this.#steps.length = 0;
            resolve(result);
          },
          (error: unknown) => {
            if (!(error instanceof TemporalFailure)) return reject(error);
            this.#undoneBecauseOf = error;
            this.#scope.cancel();
            CancellationScope.nonCancellable(() => this.#compensate(error)).then(() => reject(error), reject);
          },
        );
    });
  }

  // The activity's own types are checked by Saga.step; here only what is behind the functions counts.
  #step<Result>(activity: unknown, input: unknown, options: { undo: unknown }): Promise<Result> {
    try {
      return this.#startStep(activity, input, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #startStep<Result>(activity: unknown, input: unknown, options: { undo: unknown }): Promise<Result> {
    const step = activityReferenceOf(activity, 'The activity of a step');
    const undo = options?.undo === 'none' ? undefined : activityReferenceOf(options?.undo, `The undo of step ${step.activityType}`);
    // A part of the body that is beyond cancellation may still go on: a step that began now would never be undone.
    if (this.#undoneBecauseOf !== undefined) throw new CancelledFailure(`Step ${step.activityType} was not begun: its saga is undone`, [], this.#undoneBecauseOf);
    const scope = currentScope();
    const run = scope.workflowRun;
    const resolvedUndo = undo === undefined ? undefined : undoOnce(undo.activityType, undo.options, step.options.given.taskQueue ?? run.info.taskQueue);
    const scheduled = run.scheduleActivity(scope, step, [input], resolvedUndo?.registrationJson);
    if (resolvedUndo === undefined || scheduled.seq === undefined) return scheduled.promise as Promise<Result>;
    scheduled.keepsResult = true;
    this.#steps.push({ seq: scheduled.seq, scheduled, undo: resolvedUndo });
    return scheduled.promise as Promise<Result>;
  }

  async #compensate(error: TemporalFailure): Promise<void> {
    // A step that was scheduled and cancelled in one and the same activation never left the sandbox.
    const steps = this.#steps.filter((step) => !step.scheduled.withdrawn).reverse();
    await this.#announce(error);
    const failed: FailedUndo[] = [];
    if (this.options.parallelUndo === true) await Promise.all(steps.map((step) => undoStep(step, failed)));
    else for (const step of steps) await undoStep(step, failed);
    if (failed.length === 0) return;
    throw ApplicationFailure.create({
      message: `${failed.length} of ${steps.length} undos failed: ${failed.map(({ undo }) => undo).join(', ')}`,
      type: SAGA_UNDO_FAILED,
      nonRetryable: true,
      details: failed,
      cause: error,
    });
  }

  async #announce(error: TemporalFailure): Promise<void> {
    try {
      await this.options.onCompensating?.(error);
    } catch (hookError) {
      if (!(hookError instanceof TemporalFailure)) throw hookError;
      currentScope().workflowRun.log({ level: 'error', message: `onCompensating failed: ${hookError.message}` });
    }
  }
}

async function undoStep({ seq, scheduled, undo }: StartedStep, failed: FailedUndo[]): Promise<void> {
  const scope = currentScope();
  try {
    const inputJson = scheduled.argsJson.slice(1, -1);
    const resultJson = scheduled.resultJson === undefined ? '' : `,"result":${scheduled.resultJson}`;
    await scope.workflowRun.scheduleUndo(scope, undo, seq, `{"input":${inputJson}${resultJson}}`).promise;
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    failed.push({ step: scheduled.activityType, undo: undo.activityType, message: (error.cause ?? error).message });
  }
}
