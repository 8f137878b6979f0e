import type {
  ActivityCancellationType,
  ActivityResolution,
  Failure,
  JsonValue,
  ScheduledActivityOptions,
  UndoRegistration,
} from '@backstitch/protocol';
import type { ActivityReference } from './activity-function.js';
import { activityOptionsOnce } from './activity-options.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import { failureToError } from './failure-conversion.js';
import { ActivityFailure, type CancelledFailure } from './failures.js';
import { toJson } from './to-json.js';
import { unknownJob } from './unknown-job.js';

/** An activity that was scheduled. */
export interface ScheduledActivity {
  promise: Promise<unknown>;
  /** Undefined if the scope was cancelled already: nothing was scheduled. */
  seq: number | undefined;
  /** The arguments as they went out. */
  argsJson: string;
  /** It was cancelled within the activation that scheduled it, and so was never recorded. */
  withdrawn: boolean;
  /** Called with the result before the promise resolves. */
  onCompleted?: (result: JsonValue) => void;
}

interface PendingActivity {
  activityType: string;
  cancellationType: ActivityCancellationType;
  scheduled: ScheduledActivity;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  forgetCancel: () => void;
}

/** The activities of one run, undos among them, from scheduling to resolution or cancellation. */
export class PendingActivities {
  readonly #commands: CommandList;
  readonly #pending = new Map<number, PendingActivity>();
  #lastSeq = 0;

  constructor(commands: CommandList) {
    this.#commands = commands;
  }

  /** Schedules an activity in `scope`, with its undo (as JSON) if it is a saga's step. Argument errors are thrown; all else rejects the promise. */
  schedule(scope: CancellationScope, reference: ActivityReference, args: unknown[], defaultTaskQueue: string, undoJson?: string): ScheduledActivity {
    const { activityType } = reference;
    const { value, json } = activityOptionsOnce('', reference.options, defaultTaskQueue);
    const argsJson = toJson(args, `The input of ${activityType}`);
    return this.#schedule(scope, activityType, argsJson, value.cancellationType, json, undoJson === undefined ? '' : `,"undo":${undoJson}`);
  }

  /** Schedules the undo of the step `stepSeq`. Its argument comes as JSON: it was fixed when the step was scheduled. */
  scheduleUndo(scope: CancellationScope, undo: UndoRegistration, stepSeq: number, undoInputJson: string): ScheduledActivity {
    const { activityType, ...options } = undo;
    const optionsJson = JSON.stringify({ ...options, cancellationType: 'WAIT_CANCELLATION_COMPLETED' } satisfies ScheduledActivityOptions);
    return this.#schedule(scope, activityType, `[${undoInputJson}]`, 'WAIT_CANCELLATION_COMPLETED', optionsJson, `,"undoOfSeq":${stepSeq}`);
  }

  /** Settles the promise of an activity. @throws Error for one that was never scheduled */
  resolve(seq: number, resolution: ActivityResolution): void {
    const activity = this.#pending.get(seq);
    if (activity === undefined) {
      // Cancelled meanwhile without waiting for it. One that was never scheduled is another matter.
      if (seq <= this.#lastSeq) return;
      throw new Error(`Activity ${seq} was resolved, but this code has scheduled only ${this.#lastSeq}.`);
    }
    this.#pending.delete(seq);
    activity.forgetCancel();
    switch (resolution.status) {
      case 'completed':
        activity.scheduled.onCompleted?.(resolution.result);
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
    if (scope.cancelledBy !== undefined) return { promise: Promise.reject(scope.cancelledBy), seq: undefined, argsJson, withdrawn: false };
    const seq = ++this.#lastSeq;
    this.#commands.push(
      `{"type":"scheduleActivity","seq":${seq},"activityType":${JSON.stringify(activityType)},"args":${argsJson},"options":${optionsJson}${sagaJson}}`,
      'activity',
      seq,
    );
    const scheduled = { seq, argsJson, withdrawn: false } as ScheduledActivity;
    scheduled.promise = new Promise<unknown>((resolve, reject) => {
      const forgetCancel = scope.onCancel((reason) => this.#cancel(seq, reason));
      this.#pending.set(seq, { activityType, cancellationType, scheduled, resolve, reject, forgetCancel });
    });
    return scheduled;
  }

  #cancel(seq: number, reason: CancelledFailure): void {
    const activity = this.#pending.get(seq);
    if (activity === undefined) return;
    const { activityType, cancellationType } = activity;
    if (this.#commands.withdraw('activity', seq)) {
      activity.scheduled.withdrawn = true;
      this.#pending.delete(seq);
      activity.reject(reason);
      return;
    }
    if (cancellationType !== 'ABANDON') this.#commands.push(`{"type":"requestCancelActivity","seq":${seq}}`);
    if (cancellationType === 'WAIT_CANCELLATION_COMPLETED') return;
    this.#pending.delete(seq);
    activity.reject(
      new ActivityFailure('Activity cancelled', activityType, String(seq), 'CANCEL_REQUESTED', undefined, reason),
    );
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
