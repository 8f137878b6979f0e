import type { ActivityCancellationType, ActivityResolution, Failure } from '@backstitch/protocol';
import type { ActivityReference } from './activity-function.js';
import { activityOptionsOnce, type ResolvedUndo } from './activity-options.js';
import { CancelListener } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import { failureToError } from './failure-conversion.js';
import { ActivityFailure, type CancelledFailure } from './failures.js';
import { PendingBySeq } from './pending-by-seq.js';
import { toJson } from './to-json.js';
import { unknownJob } from './unknown-job.js';

/** An activity that was scheduled. */
export interface ScheduledActivity {
  readonly promise: Promise<unknown>;
  /** Undefined if the scope was cancelled already: nothing was scheduled. */
  readonly seq: number | undefined;
  readonly activityType: string;
  /** The arguments as they went out. */
  readonly argsJson: string;
  /** It was cancelled within the activation that scheduled it, and so was never recorded. */
  readonly withdrawn: boolean;
  /** Set to true: the result is kept as it came, since the workflow may change its own copy. */
  keepsResult: boolean;
  /** The result as it came, once there is one, if it was to be kept. */
  readonly resultJson: string | undefined;
}

/** An activity whose scope was cancelled before it could be scheduled. */
class RefusedActivity implements ScheduledActivity {
  readonly promise: Promise<never>;
  readonly seq = undefined;
  readonly withdrawn = false;
  keepsResult = false;
  readonly resultJson = undefined;

  constructor(
    readonly activityType: string,
    readonly argsJson: string,
    reason: CancelledFailure,
  ) {
    this.promise = Promise.reject(reason);
  }
}

/** An activity on its way. */
class PendingActivity extends CancelListener implements ScheduledActivity {
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (reason: unknown) => void;
  withdrawn = false;
  keepsResult = false;
  resultJson: string | undefined;

  constructor(
    readonly activities: PendingActivities,
    readonly seq: number,
    readonly activityType: string,
    readonly argsJson: string,
    readonly cancellationType: ActivityCancellationType,
  ) {
    super();
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  override cancelled(reason: CancelledFailure): void {
    this.activities.cancel(this, reason);
  }
}

/** The activities of one run, undos among them, from scheduling to resolution or cancellation. */
export class PendingActivities {
  readonly #commands: CommandList;
  readonly #pending = new PendingBySeq<PendingActivity>();
  #lastSeq = 0;

  constructor(commands: CommandList) {
    this.#commands = commands;
  }

  /** Schedules an activity in `scope`, with its undo (as JSON) if it is a saga's step. Argument errors are thrown; all else rejects the promise. */
  schedule(scope: CancellationScope, reference: ActivityReference, args: unknown[], defaultTaskQueue: string, undoJson?: string): ScheduledActivity {
    const { activityType } = reference;
    const { cancellationType, optionsJson } = activityOptionsOnce('', reference.options, defaultTaskQueue);
    const argsJson = toJson(args, `The input of ${activityType}`);
    return this.#schedule(scope, activityType, argsJson, cancellationType, optionsJson, undoJson === undefined ? '' : `,"undo":${undoJson}`);
  }

  /** Schedules the undo of the step `stepSeq`. Its argument comes as JSON: it was fixed when the step was scheduled. */
  scheduleUndo(scope: CancellationScope, { activityType, optionsJson }: ResolvedUndo, stepSeq: number, undoInputJson: string): ScheduledActivity {
    return this.#schedule(scope, activityType, `[${undoInputJson}]`, 'WAIT_CANCELLATION_COMPLETED', optionsJson, `,"undoOfSeq":${stepSeq}`);
  }

  /** Settles the promise of an activity. @throws Error for one that was never scheduled */
  resolve(seq: number, resolution: ActivityResolution): void {
    const activity = this.#pending.take(seq);
    if (activity === undefined) {
      // Cancelled meanwhile without waiting for it. One that was never scheduled is another matter.
      if (seq <= this.#lastSeq) return;
      throw new Error(`Activity ${seq} was resolved, but this code has scheduled only ${this.#lastSeq}.`);
    }
    activity.forgetCancel();
    switch (resolution.status) {
      case 'completed':
        if (activity.keepsResult) activity.resultJson = JSON.stringify(resolution.result);
        return activity.resolve(resolution.result);
      case 'failed':
      case 'canceled':
        return activity.reject(failureToError(asActivityFailure(resolution.failure, activity.activityType, seq)));
      default:
        return unknownJob(resolution);
    }
  }

  #schedule(
    scope: CancellationScope,
    activityType: string,
    argsJson: string,
    cancellationType: ActivityCancellationType,
    optionsJson: string,
    sagaJson: string,
  ): ScheduledActivity {
    if (scope.cancelledBy !== undefined) return new RefusedActivity(activityType, argsJson, scope.cancelledBy);
    const seq = ++this.#lastSeq;
    this.#commands.push(
      `{"type":"scheduleActivity","seq":${seq},"activityType":${JSON.stringify(activityType)},"args":${argsJson},"options":${optionsJson}${sagaJson}}`,
      'activity',
      seq,
    );
    const activity = new PendingActivity(this, seq, activityType, argsJson, cancellationType);
    this.#pending.add(activity);
    scope.onCancel(activity);
    return activity;
  }

  /** The scope of an activity was cancelled. */
  cancel(activity: PendingActivity, reason: CancelledFailure): void {
    const { seq, activityType, cancellationType } = activity;
    if (this.#pending.get(seq) === undefined) return;
    if (this.#commands.withdraw('activity', seq)) {
      activity.withdrawn = true;
      this.#pending.take(seq);
      activity.reject(reason);
      return;
    }
    if (cancellationType !== 'ABANDON') this.#commands.push(`{"type":"requestCancelActivity","seq":${seq}}`);
    if (cancellationType === 'WAIT_CANCELLATION_COMPLETED') return;
    this.#pending.take(seq);
    activity.reject(new ActivityFailure('Activity cancelled', activityType, String(seq), 'CANCEL_REQUESTED', undefined, reason));
  }
}

function asActivityFailure(failure: Failure, activityType: string, seq: number): Failure {
  if (failure.activityFailureInfo !== undefined) return failure;
  return {
    message: 'Activity failed',
    source: 'Backstitch',
    cause: failure,
    activityFailureInfo: { scheduledEventId: 0, activityType, activityId: String(seq), retryState: 'NON_RETRYABLE_FAILURE' },
  };
}
