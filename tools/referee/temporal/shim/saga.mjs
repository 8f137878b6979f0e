import { ActivityFailure, ApplicationFailure, CancellationScope, CancelledFailure, scheduleActivity, sleep, TemporalFailure, workflowInfo } from '@temporalio/workflow';
import { referenceOf, scheduleUndo } from './activities.mjs';

export const SAGA_UNDO_FAILED = 'SagaUndoFailed';

const LOCK_OPTIONS = { taskQueue: 'backstitch.locks', startToCloseTimeout: '1 day', cancellationType: 'TRY_CANCEL' };
const FORWARD_PAUSE_MS = 1_000;
const FORWARD_PAUSE_MAX_MS = 60_000;

/** Undos that the run before has left to this one, until a saga takes them over. */
let carriedUndos = [];

/** saga() with Temporal's means: the same decisions, and so the same commands, as Backstitch's own. */
export function saga(optionsOrBody, body) {
  return begin(undefined, optionsOrBody, body);
}

/** Called before the workflow begins. */
export function inherit(undos) {
  carriedUndos = undos.map((undo) => new OwedUndo({ step: undo.stepActivityType, undo: { activityType: undo.activityType, options: LOCK_OPTIONS }, input: undo.input, result: undo.result, isLock: undo.taskQueue === LOCK_OPTIONS.taskQueue }));
}

/** A run that fails though no saga has taken over what was left to it. */
export function undoInherited(error) {
  if (carriedUndos.length === 0 || !(error instanceof TemporalFailure)) throw error;
  return CancellationScope.nonCancellable(() => new Saga({}).run(() => Promise.reject(error)));
}

function begin(outer, optionsOrBody, body) {
  const [options, run] = typeof optionsOrBody === 'function' ? [{}, optionsOrBody] : [optionsOrBody, body];
  return new Saga(options, outer).run(run);
}

class OwedUndo {
  isVoid = false;

  constructor({ step, undo, input, result, isLock, scope }) {
    Object.assign(this, { step, undo, input, result: result === undefined ? undefined : JSON.stringify(result), isLock, scope });
    if (scope === undefined) return;
    this.task = workflowInfo().historyLength;
    // What is scheduled and cancelled in one workflow task never leaves it.
    if (scope.cancellable) {
      scope.cancelRequested.catch(() => {
        if (this.isOfThisTask && !this.hasEnded) this.isVoid = true;
      });
    }
  }

  get isOfThisTask() {
    return this.task === workflowInfo().historyLength;
  }

  follow(promise) {
    promise.then(
      (result) => {
        this.hasEnded = true;
        this.result = JSON.stringify(result);
      },
      () => void (this.hasEnded = true),
    );
  }

  takeBackIn(sagaScope) {
    if (this.scope === undefined || !this.isOfThisTask) return;
    for (let at = this.scope; at !== sagaScope; at = at.parent) if (at === undefined || !at.cancellable) return;
    this.isVoid = true;
  }

  run() {
    return scheduleUndo(this.undo, { input: this.input, ...(this.result === undefined ? {} : { result: JSON.parse(this.result) }) });
  }
}

class Saga {
  #outer;
  #owed;
  #scope;
  #undoneBecauseOf;
  #isShielded = false;
  #isBeyondPivot = false;

  constructor(options, outer) {
    this.options = options;
    this.#outer = outer;
    this.#owed = outer === undefined ? carriedUndos : [];
    if (outer === undefined) carriedUndos = [];
    this.#scope = this.#shieldableScope();
  }

  /** A scope that follows the one around it until it is told not to. */
  #shieldableScope() {
    const around = CancellationScope.current();
    if (!around.cancellable || around.consideredCancelled) return new CancellationScope({ cancellable: true });
    const scope = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
    around.cancelRequested.catch(() => {
      if (!this.#isShielded) scope.cancel();
    });
    return scope;
  }

  run(body) {
    const given = {
      step: (activity, input, options) => this.#step(activity, input, options),
      pivot: (activity, input) => this.#pivot(activity, input),
      lock: (name, options) => this.#lock(name, options),
      saga: (optionsOrBody, nestedBody) => begin(this, optionsOrBody, nestedBody),
    };
    return new Promise((resolve, reject) => {
      this.#scope
        .run(() => body(given))
        .then(
          (result) => this.#end(() => resolve(result), reject),
          (error) => (error instanceof TemporalFailure ? this.#fail(error, reject) : reject(error)),
        );
    });
  }

  #end(done, reject) {
    const locks = this.#outer === undefined ? this.#owed.filter(({ isLock, isVoid }) => isLock && !isVoid) : [];
    if (locks.length === 0) {
      this.#outer?.takeOver(this.#owed);
      return done();
    }
    CancellationScope.nonCancellable(() => undoAll(locks, [])).then(() => done(), reject);
  }

  takeOver(owed) {
    this.#owed.push(...owed);
  }

  #fail(error, reject) {
    if (this.#isBeyondPivot) return this.#end(() => reject(error), reject);
    this.#undoneBecauseOf = error;
    this.#scope.cancel();
    for (const owed of this.#owed) owed.takeBackIn(this.#scope);
    CancellationScope.nonCancellable(() => this.#compensate(error)).then(() => reject(error), reject);
  }

  #step(activity, input, { undo }) {
    try {
      const step = referenceOf(activity, 'The activity of a step');
      if (this.#isBeyondPivot) return this.#goForward(activity, input);
      this.#refuseWhenUndone(step.activityType);
      const scope = CancellationScope.current();
      const isRefused = scope.consideredCancelled;
      const promise = activity(input);
      if (undo === 'none' || isRefused) return promise;
      const owed = new OwedUndo({ step: step.activityType, undo: referenceOf(undo, `The undo of step ${step.activityType}`), input, isLock: false, scope });
      owed.follow(promise);
      this.#owed.push(owed);
      return promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #pivot(activity, input) {
    const { activityType } = referenceOf(activity, 'The activity of a pivot');
    this.#refuseWhenUndone(activityType);
    this.outermost.shield();
    const result = await activity(input);
    this.goBeyondPivot();
    return result;
  }

  get outermost() {
    return this.#outer === undefined ? this : this.#outer.outermost;
  }

  shield() {
    this.#isShielded = true;
  }

  goBeyondPivot() {
    this.#isBeyondPivot = true;
    this.#outer?.goBeyondPivot();
  }

  async #goForward(activity, input) {
    for (let pauseMs = FORWARD_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, FORWARD_PAUSE_MAX_MS)) {
      try {
        return await activity(input);
      } catch (error) {
        if (!(error instanceof ActivityFailure) || error.cause instanceof CancelledFailure) throw error;
        await sleep(pauseMs);
      }
    }
  }

  async #lock(name) {
    this.#refuseWhenUndone(`lock ${name}`);
    const scope = CancellationScope.current();
    const isRefused = scope.consideredCancelled;
    const promise = scheduleActivity('acquireLock', [{ name }], LOCK_OPTIONS);
    if (!isRefused) {
      const owed = new OwedUndo({ step: 'acquireLock', undo: { activityType: 'releaseLock', options: LOCK_OPTIONS }, input: { name }, isLock: true, scope });
      owed.follow(promise);
      this.#owed.push(owed);
    }
    await promise;
  }

  #refuseWhenUndone(what) {
    if (this.#undoneBecauseOf !== undefined) throw new CancelledFailure(`Step ${what} was not begun: its saga is undone`, [], this.#undoneBecauseOf);
  }

  async #compensate(error) {
    const owed = this.#owed.filter(({ isVoid }) => !isVoid).reverse();
    const undos = owed.filter(({ isLock }) => !isLock);
    const locks = owed.filter(({ isLock }) => isLock);
    await this.#announce(error);
    const failed = [];
    if (this.options.parallelUndo === true) await Promise.all(undos.map((undo) => undoOne(undo, failed)));
    else for (const undo of undos) await undoOne(undo, failed);
    if (locks.length > 0) await undoAll(locks, failed);
    if (failed.length === 0) return;
    throw ApplicationFailure.create({ message: `${failed.length} undos failed`, type: SAGA_UNDO_FAILED, nonRetryable: true, details: failed, cause: error });
  }

  async #announce(error) {
    try {
      await this.options.onCompensating?.(error);
    } catch (hookError) {
      if (!(hookError instanceof TemporalFailure)) throw hookError;
    }
  }
}

async function undoAll(undos, failed) {
  await Promise.all(undos.map((undo) => undoOne(undo, failed)));
}

async function undoOne(owed, failed) {
  try {
    await owed.run();
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    failed.push({ step: owed.step, undo: owed.undo.activityType, message: (error.cause ?? error).message });
  }
}
