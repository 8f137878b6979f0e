import type { ActivityCancellationType, Failure, JsonValue, LocalActivityResolution } from '@backstitch/protocol';
import type { Described } from './built-in-queries.js';
import type { ActivityReference } from './activity-function.js';
import { activityOptionsOnce, type ResolvedUndo } from './activity-options.js';
import { CancelListener } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import { ActivityFailure, type CancelledFailure, failureToError } from '@backstitch/protocol/failures';
import { LocalActivityDoBackoff } from './local-activity-backoff.js';
import { PendingBySeq } from './pending-by-seq.js';
import type { OwedUndo } from './saga-undos.js';
import { settledBy } from './settled-by.js';
import { payloadsJson } from './value-conversion.js';
import { unknownJob } from './unknown-job.js';
import type { WorkflowRun } from './workflow-run.js';

/** An activity that was scheduled. */
export interface ScheduledActivity {
  readonly promise: Promise<unknown>;
  /** Undefined if the scope was cancelled already: nothing was scheduled. */
  readonly seq: number | undefined;
  readonly activityType: string;
  /** The arguments as they went out: of a step with an undo, which gets them; else empty, since a run may sleep on them for years. */
  readonly argsJson: string;
  /** It was cancelled within the activation that scheduled it, and so was never recorded. */
  readonly withdrawn: boolean;
  /** Takes it back if it has not left this activation: then it was never recorded, and its promise rejects later. */
  takeBack(reason: CancelledFailure): void;
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
  takeBack(): void {}

  constructor(
    readonly activityType: string,
    readonly argsJson: string,
    scope: CancellationScope,
  ) {
    this.promise = scope.refuse();
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
    readonly isLocal: boolean,
    readonly ownId: string | undefined,
  ) {
    super();
    this.promise = settledBy(this);
  }

  /** As the history names it. */
  get activityId(): string {
    return this.ownId ?? String(this.seq);
  }

  override cancelled(reason: CancelledFailure): void {
    this.activities.cancel(this, reason);
  }

  takeBack(reason: CancelledFailure): void {
    this.activities.takeBack(this, reason);
  }
}

/** What an activity's command has besides its type, arguments and options. */
export interface ActivityExtras {
  /** Given where an interceptor has seen it; else the next one. */
  seq?: number;
  /** Further members of the command, each with a comma before it. */
  json?: string;
}

/** The activities of one run, undos among them, from scheduling to resolution or cancellation. */
export class PendingActivities {
  readonly #commands: CommandList;
  readonly #pending = new PendingBySeq<PendingActivity>();
  readonly #run: WorkflowRun;
  #lastSeq = 0;

  constructor(commands: CommandList, run: WorkflowRun) {
    this.#commands = commands;
    this.#run = run;
  }

  /** The number of the next activity; taken by a call that is refused, too. */
  takeSeq(): number {
    return ++this.#lastSeq;
  }

  /** Schedules an activity in `scope`, with its undo (as JSON) if it is a saga's step. Argument errors are thrown; all else rejects the promise. */
  schedule(
    scope: CancellationScope,
    reference: ActivityReference,
    args: unknown[],
    defaultTaskQueue: string,
    undoJson?: string,
    { seq, json = '' }: ActivityExtras = NO_EXTRAS,
  ): ScheduledActivity {
    const { activityType } = reference;
    const { nameJson, cancellationType, activityId, optionsJson, extrasJson } = activityOptionsOnce(activityType, reference.options, defaultTaskQueue);
    const argsJson = payloadsJson(this.#run, args, 'The input of ', activityType);
    return this.#schedule(scope, activityType, nameJson, argsJson, cancellationType, optionsJson, undoJson, extrasJson + json, undoJson !== undefined, seq, activityId);
  }

  /** Schedules a local activity: it runs in the host's own process. */
  scheduleLocal(
    scope: CancellationScope,
    activityType: string,
    args: unknown[],
    { cancellationType, optionsJson }: { cancellationType: ActivityCancellationType; optionsJson: string },
    { seq = this.takeSeq(), json = '' }: ActivityExtras,
  ): Promise<unknown> {
    const argsJson = payloadsJson(this.#run, args, 'The input of ', activityType);
    if (scope.consideredCancelled) return scope.refuse();
    const head = `{"type":"scheduleLocalActivity","seq":${seq},"activityType":${JSON.stringify(activityType)}`;
    this.#commands.push(`${head},"args":${argsJson},"options":${optionsJson}${json}}`, 'activity', seq);
    return this.#pend(new PendingActivity(this, seq, activityType, '', cancellationType, true, undefined), scope).promise;
  }

  /** Schedules the undo of a step. Its argument comes as JSON: it was fixed when the step was scheduled. @param ofJson the member that names the step */
  scheduleUndo(scope: CancellationScope, { activityType, optionsJson }: ResolvedUndo, ofJson: string, undoInputJson: string): ScheduledActivity {
    return this.#schedule(scope, activityType, JSON.stringify(activityType), `[${undoInputJson}]`, 'WAIT_CANCELLATION_COMPLETED', optionsJson, undefined, `,${ofJson}`, false);
  }

  /** Schedules an activity whose arguments and options are JSON already, with its undo. */
  scheduleResolved(
    scope: CancellationScope,
    activityType: string,
    argsJson: string,
    cancellationType: ActivityCancellationType,
    optionsJson: string,
    undoJson: string,
  ): ScheduledActivity {
    return this.#schedule(scope, activityType, JSON.stringify(activityType), argsJson, cancellationType, optionsJson, undoJson, '', true);
  }

  /** The undo of a step is owed no more: the engine is told with the activation's commands, unless they end the run. */
  settleUndo(owed: OwedUndo): void {
    this.#commands.settleUndo(owed);
  }

  /** Takes an activity that has ended; undefined: it was cancelled meanwhile, without waiting for it. @throws Error for one that was never scheduled */
  #take(seq: number): PendingActivity | undefined {
    const activity = this.#pending.take(seq);
    activity?.forgetCancel();
    if (activity === undefined && seq > this.#lastSeq) throw new Error(`Activity ${seq} was resolved, but this code has scheduled only ${this.#lastSeq}.`);
    return activity;
  }

  /** Resolves the promise of an activity. @throws Error for one that was never scheduled */
  complete(seq: number, result: JsonValue): void {
    const activity = this.#take(seq);
    if (activity === undefined) return;
    if (activity.keepsResult) activity.resultJson = JSON.stringify(result);
    activity.resolve(result);
  }

  /** Settles the promise of an activity. @throws Error for one that was never scheduled */
  resolve(seq: number, resolution: LocalActivityResolution): void {
    if (resolution.status === 'completed') return this.complete(seq, resolution.result);
    const activity = this.#take(seq);
    if (activity === undefined) return;
    switch (resolution.status) {
      case 'failed':
      case 'canceled':
        return activity.reject(failureToError(asActivityFailure(resolution.failure, activity)));
      case 'backoff':
        return activity.reject(new LocalActivityDoBackoff(resolution));
      default:
        return unknownJob(resolution);
    }
  }

  #schedule(
    scope: CancellationScope,
    activityType: string,
    nameJson: string,
    argsJson: string,
    cancellationType: ActivityCancellationType,
    optionsJson: string,
    undoJson: string | undefined,
    furtherJson: string,
    keepsArguments: boolean,
    takenSeq?: number,
    ownId?: string,
  ): ScheduledActivity {
    if (scope.consideredCancelled) {
      // Temporal's runtime counts refused calls.
      if (takenSeq === undefined && !this.#run.isLegacy) this.takeSeq();
      return new RefusedActivity(activityType, argsJson, scope);
    }
    const seq = takenSeq ?? this.takeSeq();
    this.#commands.push(
      furtherJson === ''
        ? `[${seq},${nameJson},${argsJson},${optionsJson}${undoJson === undefined ? ']' : `,${undoJson}]`}`
        : `{"type":"scheduleActivity","seq":${seq},"activityType":${nameJson},"args":${argsJson},"options":${optionsJson}${undoJson === undefined ? '' : `,"undo":${undoJson}`}${furtherJson}}`,
      'activity',
      seq,
    );
    return this.#pend(new PendingActivity(this, seq, activityType, keepsArguments ? argsJson : '', cancellationType, false, ownId), scope);
  }

  #pend(activity: PendingActivity, scope: CancellationScope): PendingActivity {
    this.#pending.add(activity);
    scope.onCancel(activity);
    return activity;
  }

  /** What is under way, for people. */
  describe(): Described[] {
    return this.#pending.map((item) => ({ item, what: `${item.isLocal ? 'local activity' : 'activity'} ${item.seq} ${item.activityType}` }));
  }

  /** The scope of an activity was cancelled. */
  cancel(activity: PendingActivity, reason: CancelledFailure): void {
    const { seq, cancellationType, isLocal } = activity;
    if (this.#pending.get(seq) === undefined || activity.withdrawn || this.takeBack(activity, reason)) return;
    // The engine records the end of every local activity, of an abandoned one at once.
    if (isLocal) this.#commands.push(`{"type":"requestCancelLocalActivity","seq":${seq}}`);
    else if (cancellationType !== 'ABANDON') this.#commands.push(`{"type":"requestCancelActivity","seq":${seq}}`);
    if (cancellationType === 'WAIT_CANCELLATION_COMPLETED') return;
    if (!this.#run.isLegacy) return this.#rejectLater(activity, reason);
    this.#pending.take(seq);
    activity.reject(cancelledActivity(activity, reason));
  }

  /** Answers whether it had not left this activation. A local activity is never taken back: its end is recorded all the same. */
  takeBack(activity: PendingActivity, reason: CancelledFailure): boolean {
    if (activity.isLocal || !this.#commands.withdraw('activity', activity.seq)) return false;
    activity.withdrawn = true;
    if (this.#run.isLegacy) {
      this.#pending.take(activity.seq);
      activity.reject(reason);
    } else this.#rejectLater(activity, reason);
    return true;
  }

  /** Temporal's core answers such a cancellation itself, when all code of the activation has run. */
  #rejectLater(activity: PendingActivity, reason: CancelledFailure): void {
    this.#run.resolveLater(() => {
      if (this.#pending.take(activity.seq) !== undefined) activity.reject(cancelledActivity(activity, reason));
    });
  }
}

const NO_EXTRAS: ActivityExtras = {};

function cancelledActivity({ activityType, activityId }: PendingActivity, reason: CancelledFailure): ActivityFailure {
  return new ActivityFailure('Activity cancelled', activityType, activityId, 'CANCEL_REQUESTED', undefined, reason);
}

function asActivityFailure(failure: Failure, { activityType, activityId }: PendingActivity): Failure {
  if (failure.activityFailureInfo !== undefined) return failure;
  return {
    message: 'Activity failed',
    source: 'Backstitch',
    cause: failure,
    activityFailureInfo: { scheduledEventId: 0, activityType, activityId, retryState: 'NON_RETRYABLE_FAILURE' },
  };
}
