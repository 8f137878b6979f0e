import { RELEASE_LOCK_ACTIVITY, LOCKS_TASK_QUEUE, type CarriedUndo, type SettledUndos } from '@backstitch/protocol';
import type { ResolvedUndo } from './activity-options.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CancelledFailure } from '@backstitch/protocol/failures';
import type { ScheduledActivity } from './pending-activities.js';
import { currentScope } from './scope-context.js';

/** An undo that a saga owes. */
export interface OwedUndo {
  /** The step's activity type. */
  readonly step: string;
  /** The undo's activity type. */
  readonly undo: string;
  /** Gives a lock back: to be run at the saga's good end too, and after all other undos. */
  readonly isLock: boolean;
  /** The step was scheduled and cancelled in one and the same activation, and never left the sandbox. */
  readonly isVoid: boolean;
  /** The step's number, if it is a step of this run. */
  readonly stepSeq: number | undefined;
  /** The step's key, if it is a step of an earlier run. */
  readonly stepKey: string | undefined;
  /** The saga is cancelled, but what is in it is told so some microtasks later only: a step that cannot leave any more must not be undone. */
  takeBackIn(sagaScope: CancellationScope, reason: CancelledFailure): void;
  /** Schedules the undo in the caller's scope. */
  run(): Promise<unknown>;
}

/** The undo of a step of this run. */
export class StepUndo implements OwedUndo {
  readonly stepKey = undefined;

  constructor(
    readonly stepSeq: number,
    readonly scheduled: ScheduledActivity,
    readonly resolved: ResolvedUndo,
    readonly isLock: boolean,
    readonly scope: CancellationScope,
  ) {
    scheduled.keepsResult = true;
  }

  /** The saga is cancelled: takes the step back if it has not left this activation, and the cancellation will reach it. */
  takeBackIn(sagaScope: CancellationScope, reason: CancelledFailure): void {
    for (let at: CancellationScope | undefined = this.scope; at !== sagaScope; at = at.parent) if (at === undefined || !at.cancellable) return;
    this.scheduled.takeBack(reason);
  }

  get step(): string {
    return this.scheduled.activityType;
  }

  get undo(): string {
    return this.resolved.activityType;
  }

  get isVoid(): boolean {
    return this.scheduled.withdrawn;
  }

  run(): Promise<unknown> {
    const scope = currentScope();
    const { argsJson, resultJson } = this.scheduled;
    const result = resultJson === undefined ? '' : `,"result":${resultJson}`;
    return scope.workflowRun.scheduleUndo(scope, this.resolved, `"undoOfSeq":${this.stepSeq}`, `{"input":${argsJson.slice(1, -1)}${result}}`).promise;
  }
}

/** The undo of a step of an earlier run, which continued as new. */
export class InheritedUndo implements OwedUndo {
  readonly stepSeq = undefined;
  readonly isVoid = false;

  constructor(readonly carried: CarriedUndo) {}

  takeBackIn(): void {}

  get step(): string {
    return this.carried.stepActivityType;
  }

  get undo(): string {
    return this.carried.activityType;
  }

  get isLock(): boolean {
    return this.carried.taskQueue === LOCKS_TASK_QUEUE && this.carried.activityType === RELEASE_LOCK_ACTIVITY;
  }

  get stepKey(): string {
    return this.carried.stepKey;
  }

  run(): Promise<unknown> {
    const scope = currentScope();
    const { activityType, stepKey, stepActivityType, input, result, undoKey: _, ...options } = this.carried;
    const resolved: ResolvedUndo = {
      activityType,
      registrationJson: '',
      optionsJson: JSON.stringify({ ...options, cancellationType: 'WAIT_CANCELLATION_COMPLETED' }),
    };
    const member = `"undoOfStep":${JSON.stringify({ key: stepKey, activityType: stepActivityType })}`;
    return scope.workflowRun.scheduleUndo(scope, resolved, member, JSON.stringify({ input, result })).promise;
  }
}

/** The undos of a list, as a command names them. */
export function settledUndos(owed: readonly OwedUndo[]): SettledUndos {
  const seqs = owed.flatMap(({ stepSeq }) => stepSeq ?? []).sort((left, right) => left - right);
  const keys = owed.flatMap(({ stepKey }) => stepKey ?? []);
  return keys.length === 0 ? { seqs } : { seqs, keys };
}
