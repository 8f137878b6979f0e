import {
  ACQUIRE_LOCK_ACTIVITY,
  DEFAULT_RETRY_POLICY,
  DEFAULT_UNDO_RETRY_POLICY,
  LOCKS_TASK_QUEUE,
  RELEASE_LOCK_ACTIVITY,
  type ForwardActivity,
  type ScheduledActivityOptions,
  type SettledUndos,
} from '@backstitch/protocol';
import { activityReferenceOf, type ActivityReference } from './activity-function.js';
import { undoOnce, type ResolvedUndo } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { durationToMs } from './duration.js';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TemporalFailure } from '@backstitch/protocol/failures';
import type { ActivityExtras } from './pending-activities.js';
import type { LockOptions, Saga, SagaOptions } from './saga.js';
import { InheritedUndo, settledUndos, StepUndo, type OwedUndo } from './saga-undos.js';
import { currentScope } from './scope-context.js';
import { toJson } from './to-json.js';
import type { WorkflowRun } from './workflow-run.js';

/** `type` of the failure that a saga ends with when undos failed for good. Its details list them, its cause is what began the undoing. */
export const SAGA_UNDO_FAILED = 'SagaUndoFailed';

/** Pause before a step beyond the pivot is begun again, and the longest one. */
const FORWARD_PAUSE_MS = 1_000;
const FORWARD_PAUSE_MAX_MS = 60_000;

interface FailedUndo {
  step: string;
  undo: string;
  message: string;
}

/**
 * One saga.
 *
 * States: open → done (the body returned: nothing is undone) or undoing (the body threw a failure) → undone. Beyond its pivot an open saga can only go
 * forward: nothing is undone any more, and a cancellation from outside does not reach it.
 */
export class SagaRun {
  readonly #run: WorkflowRun;
  readonly #outer: SagaRun | undefined;
  readonly #owed: OwedUndo[];
  readonly #scope = new CancellationScope({ cancellable: true });
  /** Set when undoing begins. */
  #undoneBecauseOf: TemporalFailure | undefined;
  #isBeyondPivot = false;
  /** The next one of the run's open sagas. */
  nextOpen: SagaRun | undefined;

  /** @param outer the saga that takes over what this one owes when it has returned */
  constructor(
    readonly options: SagaOptions,
    outer?: SagaRun,
  ) {
    this.#outer = outer;
    this.#run = currentScope().workflowRun;
    this.#owed = outer === undefined ? inherited(this.#run) : [];
  }

  /** What would be undone if the saga failed now, and locks that it holds. */
  get owed(): readonly OwedUndo[] {
    return this.#owed;
  }

  // Not an async function: one is a generator here, and the engine of the language keeps what a generator sees alive for long after its end.
  run<Result>(body: (saga: Saga) => Promise<Result>): Promise<Result> {
    const saga = new SagaOfBody(this);
    this.nextOpen = this.#run.openSagas;
    this.#run.openSagas = this;
    return new Promise((resolve, reject) => {
      this.#scope
        .run(() => body(saga))
        .then(
          (result) => this.#end(() => resolve(result), reject),
          (error: unknown) => {
            if (!(error instanceof TemporalFailure)) {
              this.#close();
              return reject(error);
            }
            this.#fail(error, reject);
          },
        );
    });
  }

  /** The body returned. */
  #end(done: () => void, reject: (error: unknown) => void): void {
    const locks = this.#outer === undefined ? this.#owed.filter(({ isLock, isVoid }) => isLock && !isVoid) : [];
    if (this.#outer === undefined) this.#settle();
    if (locks.length === 0) {
      if (this.#outer !== undefined) this.#outer.#takeOver(this.#owed);
      this.#close();
      return done();
    }
    const failed: FailedUndo[] = [];
    CancellationScope.nonCancellable(() => undoAll(locks, failed)).then(() => {
      this.#close();
      done();
    }, reject);
  }

  #takeOver(owed: readonly OwedUndo[]): void {
    this.#owed.push(...owed);
    this.#owed.sort((left, right) => (left.stepSeq ?? 0) - (right.stepSeq ?? 0));
    if (this.#isBeyondPivot) this.#settle();
  }

  /** What was done stands: nothing but locks is owed any more. The engine is told, so that a rollback knows it too. */
  #settle(): void {
    for (const owed of this.#owed) if (!owed.isLock && !owed.isVoid) this.#run.activities.settleUndo(owed);
    keepOnly(this.#owed, ({ isLock }) => isLock);
  }

  /** The body threw a failure. */
  #fail(error: TemporalFailure, reject: (error: unknown) => void): void {
    if (!this.#isBeyondPivot) {
      this.#undoneBecauseOf = error;
      this.#scope.cancel();
      const reason = this.#scope.cancelledBy as CancelledFailure;
      for (const owed of this.#owed) owed.takeBackIn(this.#scope, reason);
      CancellationScope.nonCancellable(() => this.#compensate(error)).then(
        () => {
          this.#close();
          reject(error);
        },
        (failure: unknown) => {
          this.#close();
          reject(failure);
        },
      );
      return;
    }
    this.#end(() => reject(error), reject);
  }

  #close(): void {
    this.#owed.length = 0;
    if (this.#run.openSagas === this) {
      this.#run.openSagas = this.nextOpen;
      return;
    }
    for (let open = this.#run.openSagas; open !== undefined; open = open.nextOpen) if (open.nextOpen === this) open.nextOpen = this.nextOpen;
  }

  // The activity's own types are checked by Saga.step; here only what is behind the functions counts.
  step<Result>(activity: unknown, input: unknown, options: { undo: unknown }): Promise<Result> {
    try {
      return this.#startStep(activity, input, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #startStep<Result>(activity: unknown, input: unknown, options: { undo: unknown }): Promise<Result> {
    const step = activityReferenceOf(activity, 'The activity of a step');
    const undo = options?.undo === 'none' ? undefined : activityReferenceOf(options?.undo, `The undo of step ${step.activityType}`);
    if (this.#isBeyondPivot) return this.#goForward(step, input) as Promise<Result>;
    this.#refuseWhenUndone(step.activityType);
    const scope = currentScope();
    const resolved = undo === undefined ? undefined : undoOnce(undo.activityType, undo.options, step.options.settled.taskQueue ?? this.#run.info.taskQueue);
    const scheduled = this.#run.scheduleActivity(scope, step, [input], resolved?.registrationJson);
    if (resolved === undefined || scheduled.seq === undefined) return scheduled.promise as Promise<Result>;
    this.#owed.push(new StepUndo(scheduled.seq, scheduled, resolved, false, scope));
    return scheduled.promise as Promise<Result>;
  }

  async pivot<Result>(activity: unknown, input: unknown): Promise<Result> {
    const { activityType, options } = activityReferenceOf(activity, 'The activity of a pivot');
    this.#refuseWhenUndone(activityType);
    // From here on a cancellation from outside would leave it open whether the pivot has happened.
    this.#outermost.#scope.shield();
    const forward: ForwardActivity = { kind: 'PIVOT', settles: this.#settledByPivot() };
    const result = await this.#run.scheduleActivity(currentScope(), { activityType, options: options.withoutEnd }, [input], undefined, forwardMember(forward)).promise;
    for (let at: SagaRun | undefined = this; at !== undefined; at = at.#outer) {
      at.#isBeyondPivot = true;
      at.#settle();
    }
    return result as Result;
  }

  /** What is owed no more once a pivot has succeeded, as far as it is known when the pivot begins. */
  #settledByPivot(): SettledUndos {
    const owed: OwedUndo[] = [];
    for (let at: SagaRun | undefined = this; at !== undefined; at = at.#outer) owed.push(...at.#owed.filter(({ isLock, isVoid }) => !isLock && !isVoid));
    return settledUndos(owed);
  }

  /** A step beyond the pivot: tried again until it succeeds, whatever it fails with. */
  async #goForward({ activityType, options }: ActivityReference, input: unknown): Promise<unknown> {
    const reference = { activityType, options: options.withoutRefusal };
    let forward: ForwardActivity = { kind: 'STEP' };
    const sinceMs = this.#run.timestampMs;
    for (let pauseMs = FORWARD_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, FORWARD_PAUSE_MAX_MS)) {
      const scheduled = this.#run.scheduleActivity(currentScope(), reference, [input], undefined, forwardMember(forward));
      if (scheduled.seq !== undefined && forward.again === undefined) forward = { kind: 'STEP', again: { seq: scheduled.seq, sinceMs } };
      try {
        return await scheduled.promise;
      } catch (error) {
        if (!(error instanceof ActivityFailure) || error.cause instanceof CancelledFailure) throw error;
        this.#run.log({ level: 'error', message: `Step ${activityType} failed for good, and is begun again since its saga is beyond its pivot: ${(error.cause ?? error).message}` });
        await this.#run.sleep(currentScope(), pauseMs);
      }
    }
  }

  async lock(name: string, { timeout }: LockOptions = {}): Promise<void> {
    if (typeof name !== 'string' || name === '') throw new TypeError('A lock needs a name.');
    this.#refuseWhenUndone(`lock ${name}`);
    const options: ScheduledActivityOptions = {
      taskQueue: LOCKS_TASK_QUEUE,
      ...(timeout === undefined ? {} : { scheduleToCloseTimeoutMs: durationToMs(timeout, 'timeout') }),
      retryPolicy: DEFAULT_RETRY_POLICY,
      cancellationType: 'TRY_CANCEL',
    };
    const argsJson = toJson([{ name }], 'The name of a lock');
    const scope = currentScope();
    const scheduled = this.#run.activities.scheduleResolved(scope, ACQUIRE_LOCK_ACTIVITY, argsJson, 'TRY_CANCEL', JSON.stringify(options), RELEASE.registrationJson);
    if (scheduled.seq !== undefined) this.#owed.push(new StepUndo(scheduled.seq, scheduled, RELEASE, true, scope));
    await scheduled.promise;
  }

  /** A part of the body that is beyond cancellation may still go on: a step that began now would never be undone. */
  #refuseWhenUndone(what: string): void {
    if (this.#undoneBecauseOf !== undefined) throw new CancelledFailure(`Step ${what} was not begun: its saga is undone`, [], this.#undoneBecauseOf);
  }

  get #outermost(): SagaRun {
    return this.#outer === undefined ? this : this.#outer.#outermost;
  }

  async #compensate(error: TemporalFailure): Promise<void> {
    const owed = this.#owed.filter(({ isVoid }) => !isVoid).reverse();
    const undos = owed.filter(({ isLock }) => !isLock);
    const locks = owed.filter(({ isLock }) => isLock);
    await this.#announce(error);
    const failed: FailedUndo[] = [];
    if (this.options.parallelUndo === true) await Promise.all(undos.map((undo) => undoOne(undo, failed)));
    else for (const undo of undos) await undoOne(undo, failed);
    if (locks.length > 0) await undoAll(locks, failed);
    if (failed.length === 0) return;
    throw ApplicationFailure.create({
      message: `${failed.length} of ${owed.length} undos failed: ${failed.map(({ undo }) => undo).join(', ')}`,
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
      this.#run.log({ level: 'error', message: `onCompensating failed: ${hookError.message}` });
    }
  }
}

/** What a body sees of its saga. A function is made when it is asked for: many sagas are suspended at once, and most use one of these. */
export class SagaOfBody implements Saga {
  readonly #saga: SagaRun;

  constructor(saga: SagaRun) {
    this.#saga = saga;
  }

  get step(): Saga['step'] {
    const saga = this.#saga;
    return (activity, input, options) => saga.step(activity, input, options);
  }

  get pivot(): Saga['pivot'] {
    const saga = this.#saga;
    return (activity, input) => saga.pivot(activity, input);
  }

  get lock(): Saga['lock'] {
    const saga = this.#saga;
    return (name, options) => saga.lock(name, options);
  }

  get saga(): Saga['saga'] {
    const outer = this.#saga;
    return <Result>(optionsOrBody: SagaOptions | ((saga: Saga) => Promise<Result>), body?: (saga: Saga) => Promise<Result>): Promise<Result> => nested(outer, optionsOrBody, body);
  }
}

const RELEASE_OPTIONS = { taskQueue: LOCKS_TASK_QUEUE, retryPolicy: DEFAULT_UNDO_RETRY_POLICY };
const RELEASE: ResolvedUndo = {
  activityType: RELEASE_LOCK_ACTIVITY,
  registrationJson: JSON.stringify({ activityType: RELEASE_LOCK_ACTIVITY, ...RELEASE_OPTIONS }),
  optionsJson: JSON.stringify({ ...RELEASE_OPTIONS, cancellationType: 'WAIT_CANCELLATION_COMPLETED' }),
};

function nested<Result>(outer: SagaRun, optionsOrBody: SagaOptions | ((saga: Saga) => Promise<Result>), body?: (saga: Saga) => Promise<Result>): Promise<Result> {
  if (typeof optionsOrBody === 'function') return new SagaRun({}, outer).run(optionsOrBody);
  if (typeof body !== 'function') throw new TypeError('saga takes a body: saga(body) or saga(options, body).');
  return new SagaRun(optionsOrBody, outer).run(body);
}

/** What the run before left to this one: the first saga takes it over, as if its steps had been the saga's first. */
function inherited(run: WorkflowRun): OwedUndo[] {
  const carried = run.info.lineage?.carriedUndos;
  if (carried === undefined || run.hasInherited) return [];
  run.hasInherited = true;
  return carried.map((undo) => new InheritedUndo(undo));
}

/** The further member of an activity's command. */
function forwardMember(forward: ForwardActivity): ActivityExtras {
  return { json: `,"forward":${JSON.stringify(forward)}` };
}

/** Takes out of an array, in place, what is not to be kept. */
function keepOnly<Item>(items: Item[], isKept: (item: Item) => boolean): void {
  const kept = items.filter(isKept);
  items.length = 0;
  items.push(...kept);
}

/** What a run owes, for the next one. */
export function owedUndos(run: WorkflowRun): { openUndoSeqs?: number[]; openUndoKeys?: string[] } {
  const owed: OwedUndo[] = [];
  for (let open = run.openSagas; open !== undefined; open = open.nextOpen) owed.push(...open.owed.filter(({ isVoid }) => !isVoid));
  const openUndoSeqs = owed.flatMap(({ stepSeq }) => stepSeq ?? []).sort((left, right) => left - right);
  const seqs = openUndoSeqs.length === 0 ? {} : { openUndoSeqs };
  // Where no saga has taken over what was inherited, all of it goes on.
  return run.hasInherited ? { ...seqs, openUndoKeys: owed.flatMap(({ stepKey }) => stepKey ?? []) } : seqs;
}

/** A run that fails though no saga has taken over what the run before has left to it: undoes that, then goes on with the error. */
export async function undoInherited(run: WorkflowRun, error: unknown): Promise<never> {
  if (run.hasInherited || !(error instanceof TemporalFailure)) throw error;
  return CancellationScope.nonCancellable(() => new SagaRun({}).run(() => Promise.reject(error)));
}

async function undoAll(undos: readonly OwedUndo[], failed: FailedUndo[]): Promise<void> {
  await Promise.all(undos.map((undo) => undoOne(undo, failed)));
}

async function undoOne(owed: OwedUndo, failed: FailedUndo[]): Promise<void> {
  try {
    await owed.run();
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    failed.push({ step: owed.step, undo: owed.undo, message: (error.cause ?? error).message });
  }
}
