import type {
  ActivationInfo,
  ActivationJob,
  ActivityCancellationType,
  ActivityResolution,
  Failure,
  JsonValue,
  ScheduledActivityOptions,
  SearchAttributes,
  UndoRegistration,
  WorkflowLogEntry,
} from '@backstitch/protocol';
import type { ActivityReference } from './activity-function.js';
import { activityOptionsOnce } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { CommandList } from './command-list.js';
import { errorToFailure, failureToError } from './failure-conversion.js';
import { ActivityFailure, CancelledFailure, isCancellation, TemporalFailure } from './failures.js';
import { SeededRandom } from './random.js';
import { runInScope } from './scope-context.js';

/** A workflow function as the bundle exports it. */
export type WorkflowFunction = (...args: unknown[]) => unknown;

type QueryJob = Extract<ActivationJob, { type: 'queryWorkflow' }>;
type AnyHandler = (...args: unknown[]) => unknown;

interface PendingActivity {
  activityType: string;
  cancellationType: ActivityCancellationType;
  scheduled: ScheduledActivity;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
  forgetCancel: () => void;
}

interface PendingTimer {
  fire: () => void;
  forgetCancel: () => void;
}

interface PendingCondition {
  predicate: () => boolean;
  scope: CancellationScope;
  resolve: () => void;
  forgetCancel: () => void;
}

/** A timer that was started. */
export interface StartedTimer {
  /** Takes it back if it has not fired. */
  cancel(): void;
}

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

/** Signals that wait for a handler; more than this fail the workflow task. */
const BUFFERED_SIGNALS_MAX = 10_000;

/**
 * One run in the sandbox: applies jobs, hands out what the authoring functions ask for, collects commands.
 *
 * States: created → started (initializeWorkflow) → closed (completed, failed or cancelled) or broken (the workflow task failed). A closed run
 * takes jobs and gives no commands; a broken one must be thrown away.
 */
export class WorkflowRun {
  readonly rootScope: CancellationScope;
  info: ActivationInfo;
  timestampMs: number;

  #random: SeededRandom | undefined;
  #randomnessSeed = '';
  readonly #commands = new CommandList();
  #activitySeq = 0;
  #timerSeq = 0;
  readonly #activities = new Map<number, PendingActivity>();
  #timers: Map<number, PendingTimer> | undefined;
  // These are made when they are first needed: most suspended runs have none, and there are many suspended runs.
  #conditions: Set<PendingCondition> | undefined;
  #signalHandlers: Map<string, AnyHandler> | undefined;
  #queryHandlers: Map<string, AnyHandler> | undefined;
  #bufferedSignals: Map<string, unknown[][]> | undefined;
  #bufferedSignalCount = 0;
  #queries: QueryJob[] | undefined;
  #logs: WorkflowLogEntry[] | undefined;
  #closed = false;
  #broken: Failure | undefined;

  constructor(readonly runId: string, info: ActivationInfo, timestampMs: number) {
    this.info = info;
    this.timestampMs = timestampMs;
    this.rootScope = new CancellationScope({ cancellable: true }, this);
  }

  get random(): SeededRandom {
    this.#random ??= new SeededRandom(this.#randomnessSeed);
    return this.#random;
  }

  // ---- what the sandbox calls -------------------------------------------------------------------------------------

  /** Takes the constants of the next activation. */
  beginActivation(info: ActivationInfo, timestampMs: number): void {
    this.info = info;
    this.timestampMs = timestampMs;
  }

  /** Calls the workflow function. `load` evaluates the workflow's modules for this run. */
  start(randomnessSeed: string, load: () => WorkflowFunction, args: unknown[]): void {
    this.#randomnessSeed = randomnessSeed;
    runInScope(this.rootScope, () => {
      try {
        Promise.resolve(load()(...args)).then(
          (result) => this.#complete(result),
          (error: unknown) => this.#endWith(error),
        );
      } catch (error) {
        this.#endWith(error);
      }
    });
  }

  /** Evaluates modules as this run, outside of any workflow. */
  inspect(load: () => void): void {
    runInScope(this.rootScope, load);
  }

  /** Applies one job; `initializeWorkflow` goes through {@link start}, queries wait for {@link answerQueries}. */
  apply(job: Exclude<ActivationJob, { type: 'initializeWorkflow' }>): void {
    runInScope(this.rootScope, () => {
      switch (job.type) {
        case 'signalWorkflow':
          return this.#signal(job.signalName, job.args);
        case 'cancelWorkflow':
          return this.rootScope.cancelWith(new CancelledFailure(job.reason ?? 'Workflow cancelled'));
        case 'resolveActivity':
          return this.#resolveActivity(job.seq, job.resolution);
        case 'fireTimer':
          return this.#fireTimer(job.seq);
        case 'queryWorkflow':
          (this.#queries ??= []).push(job);
          return;
        default:
          return unknownJob(job);
      }
    });
  }

  /** Resolves the conditions that hold now. Answers whether there was one: then promises must be drained and this be called again. */
  settleConditions(): boolean {
    const conditions = this.#conditions;
    if (conditions === undefined) return false;
    let settled = false;
    for (const condition of [...conditions]) {
      if (this.#broken !== undefined) return settled;
      try {
        if (!conditions.has(condition) || !runInScope(condition.scope, condition.predicate)) continue;
      } catch (error) {
        this.break(error);
        return settled;
      }
      conditions.delete(condition);
      condition.forgetCancel();
      condition.resolve();
      settled = true;
    }
    return settled;
  }

  /** Whether user code must run before the activation can be collected. */
  get hasConditionsOrQueries(): boolean {
    return (this.#conditions?.size ?? 0) > 0 || this.#queries !== undefined;
  }

  /** The activation's result as JSON. Answers the queries; nothing may be pending. */
  collectJson(): string {
    const answers = this.#queries === undefined ? '[]' : this.#answerQueries(this.#queries);
    const runId = JSON.stringify(this.runId);
    if (this.#broken !== undefined) {
      return `{"runId":${runId},"status":"taskFailed","failure":${JSON.stringify(this.#broken)}}`;
    }
    const logs = this.#logs === undefined ? '[]' : JSON.stringify(this.#logs);
    this.#logs = undefined;
    return `{"runId":${runId},"status":"completed","commands":${this.#commands.takeJson()},"logs":${logs},"queryAnswers":${answers}}`;
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** The workflow task failed: the error is no failure of the workflow. The first one counts. */
  break(error: unknown): void {
    this.#broken ??= errorToFailure(error);
  }

  // ---- what the authoring functions call --------------------------------------------------------------------------

  /** Schedules an activity in `scope`, with its undo (as JSON) if it is a saga's step. Argument errors are thrown; all else rejects the promise. */
  scheduleActivity(scope: CancellationScope, reference: ActivityReference, args: unknown[], undoJson?: string): ScheduledActivity {
    const { activityType } = reference;
    const { value, json } = activityOptionsOnce('', reference.options, this.info.taskQueue);
    const argsJson = toJson(args, `The input of ${activityType}`);
    return this.#schedule(scope, activityType, argsJson, value.cancellationType, json, undoJson === undefined ? '' : `,"undo":${undoJson}`);
  }

  /** Schedules the undo of the step `stepSeq`. Its argument comes as JSON: it was fixed when the step was scheduled. */
  scheduleUndo(scope: CancellationScope, undo: UndoRegistration, stepSeq: number, undoInputJson: string): ScheduledActivity {
    const { activityType, ...options } = undo;
    const optionsJson = JSON.stringify({ ...options, cancellationType: 'WAIT_CANCELLATION_COMPLETED' } satisfies ScheduledActivityOptions);
    return this.#schedule(scope, activityType, `[${undoInputJson}]`, 'WAIT_CANCELLATION_COMPLETED', optionsJson, `,"undoOfSeq":${stepSeq}`);
  }

  /** Starts a timer in `scope`. */
  startTimer(durationMs: number, scope: CancellationScope, fire: () => void, cancelled?: (reason: CancelledFailure) => void): StartedTimer {
    const seq = ++this.#timerSeq;
    this.#command(`{"type":"startTimer","seq":${seq},"durationMs":${durationMs}}`, 'timer', seq);
    const cancel = (): boolean => {
      const timer = this.#timers?.get(seq);
      if (timer === undefined) return false;
      this.#timers?.delete(seq);
      timer.forgetCancel();
      if (!this.#commands.withdraw('timer', seq)) this.#command(`{"type":"cancelTimer","seq":${seq}}`);
      return true;
    };
    const forgetCancel = scope.onCancel((reason) => {
      if (cancel()) cancelled?.(reason);
    });
    (this.#timers ??= new Map()).set(seq, { fire, forgetCancel });
    return { cancel: () => void cancel() };
  }

  sleep(scope: CancellationScope, durationMs: number): Promise<void> {
    if (scope.cancelledBy !== undefined) return rejected(scope.cancelledBy);
    return new Promise((resolve, reject) => void this.startTimer(durationMs, scope, resolve, reject));
  }

  condition(scope: CancellationScope, predicate: () => boolean, timeoutMs: number | undefined): Promise<boolean> {
    if (scope.cancelledBy !== undefined) return rejected(scope.cancelledBy);
    if (predicate()) return Promise.resolve(true);
    const conditions = (this.#conditions ??= new Set());
    return new Promise((resolve, reject) => {
      const condition: PendingCondition = {
        predicate,
        scope,
        resolve: () => {
          timer?.cancel();
          resolve(true);
        },
        forgetCancel: scope.onCancel((reason) => {
          conditions.delete(condition);
          timer?.cancel();
          reject(reason);
        }),
      };
      conditions.add(condition);
      const expire = (): void => {
        conditions.delete(condition);
        condition.forgetCancel();
        resolve(false);
      };
      const timer = timeoutMs === undefined ? undefined : this.startTimer(timeoutMs, scope, expire);
    });
  }

  setSignalHandler(name: string, handler: AnyHandler | undefined): void {
    if (handler === undefined) {
      this.#signalHandlers?.delete(name);
      return;
    }
    (this.#signalHandlers ??= new Map()).set(name, handler);
    const buffered = this.#bufferedSignals?.get(name);
    if (buffered === undefined) return;
    this.#bufferedSignals?.delete(name);
    this.#bufferedSignalCount -= buffered.length;
    runInScope(this.rootScope, () => buffered.forEach((args) => this.#signal(name, args)));
  }

  setQueryHandler(name: string, handler: AnyHandler | undefined): void {
    if (handler === undefined) this.#queryHandlers?.delete(name);
    else (this.#queryHandlers ??= new Map()).set(name, handler);
  }

  upsertSearchAttributes(searchAttributes: SearchAttributes): void {
    const json = toJson(searchAttributes, 'Search attributes');
    this.#command(`{"type":"upsertSearchAttributes","searchAttributes":${json}}`);
    this.info = { ...this.info, searchAttributes: { ...this.info.searchAttributes, ...(JSON.parse(json) as SearchAttributes) } };
  }

  /** Keeps a log line for the host; silent while history is replayed. */
  log(entry: WorkflowLogEntry): void {
    if (!this.info.isReplaying) (this.#logs ??= []).push(JSON.parse(toJson(entry, 'A log line')) as WorkflowLogEntry);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #schedule(
    scope: CancellationScope,
    activityType: string,
    argsJson: string,
    cancellationType: ActivityCancellationType,
    optionsJson: string,
    sagaJson: string,
  ): ScheduledActivity {
    if (scope.cancelledBy !== undefined) return { promise: rejected(scope.cancelledBy), seq: undefined, argsJson, withdrawn: false };
    const seq = ++this.#activitySeq;
    this.#command(
      `{"type":"scheduleActivity","seq":${seq},"activityType":${JSON.stringify(activityType)},"args":${argsJson},"options":${optionsJson}${sagaJson}}`,
      'activity',
      seq,
    );
    const scheduled = { seq, argsJson, withdrawn: false } as ScheduledActivity;
    scheduled.promise = new Promise<unknown>((resolve, reject) => {
      const forgetCancel = scope.onCancel((reason) => this.#cancelActivity(seq, reason));
      this.#activities.set(seq, { activityType, cancellationType, scheduled, resolve, reject, forgetCancel });
    });
    return scheduled;
  }

  #command(json: string, kind?: 'activity' | 'timer', seq?: number): void {
    if (!this.#closed) this.#commands.push(json, kind, seq);
  }

  #close(json: string): void {
    this.#command(json);
    this.#closed = true;
  }

  #complete(result: unknown): void {
    try {
      this.#close(`{"type":"completeWorkflow","result":${toJson(result, 'The result of the workflow')}}`);
    } catch (error) {
      this.#endWith(error);
    }
  }

  /** What an error thrown by the workflow function or an async signal handler comes to. */
  #endWith(error: unknown): void {
    if (this.#closed) return;
    if (this.rootScope.consideredCancelled && isCancellation(error)) this.#close('{"type":"cancelWorkflowExecution"}');
    else if (error instanceof TemporalFailure) this.#close(`{"type":"failWorkflow","failure":${JSON.stringify(errorToFailure(error))}}`);
    else this.break(error);
  }

  #signal(name: string, args: unknown[]): void {
    const handler = this.#signalHandlers?.get(name);
    if (handler !== undefined) {
      (async () => handler(...args))().catch((error: unknown) => this.#endWith(error));
      return;
    }
    if (++this.#bufferedSignalCount > BUFFERED_SIGNALS_MAX) {
      throw new RangeError(`More than ${BUFFERED_SIGNALS_MAX} signals wait for a handler; the last one is "${name}".`);
    }
    const bufferedSignals = (this.#bufferedSignals ??= new Map());
    const buffered = bufferedSignals.get(name);
    if (buffered === undefined) bufferedSignals.set(name, [args]);
    else buffered.push(args);
  }

  #resolveActivity(seq: number, resolution: ActivityResolution): void {
    const activity = this.#activities.get(seq);
    if (activity === undefined) {
      // Cancelled meanwhile without waiting for it. One that was never scheduled is another matter.
      if (seq <= this.#activitySeq) return;
      throw new Error(`Activity ${seq} was resolved, but this code has scheduled only ${this.#activitySeq}.`);
    }
    this.#activities.delete(seq);
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

  #cancelActivity(seq: number, reason: CancelledFailure): void {
    const activity = this.#activities.get(seq);
    if (activity === undefined) return;
    const { activityType, cancellationType } = activity;
    if (this.#commands.withdraw('activity', seq)) {
      activity.scheduled.withdrawn = true;
      this.#activities.delete(seq);
      activity.reject(reason);
      return;
    }
    if (cancellationType !== 'ABANDON') this.#command(`{"type":"requestCancelActivity","seq":${seq}}`);
    if (cancellationType === 'WAIT_CANCELLATION_COMPLETED') return;
    this.#activities.delete(seq);
    activity.reject(
      new ActivityFailure('Activity cancelled', activityType, String(seq), 'CANCEL_REQUESTED', undefined, reason),
    );
  }

  #fireTimer(seq: number): void {
    const timer = this.#timers?.get(seq);
    if (timer === undefined) {
      if (seq <= this.#timerSeq) return;
      throw new Error(`Timer ${seq} fired, but this code has started only ${this.#timerSeq}.`);
    }
    this.#timers?.delete(seq);
    timer.forgetCancel();
    timer.fire();
  }

  #answerQueries(queries: readonly QueryJob[]): string {
    const answers = queries.map((query) => {
      const queryId = JSON.stringify(query.queryId);
      try {
        const handler = this.#queryHandlers?.get(query.queryName);
        if (handler === undefined) {
          throw new QueryNotRegistered(`The workflow has no handler for query "${query.queryName}"; it has: ${[...(this.#queryHandlers?.keys() ?? [])].join(', ') || 'none'}.`);
        }
        const result = runInScope(this.rootScope, () => handler(...query.args));
        if (result instanceof Promise) throw new TypeError(`The handler of query "${query.queryName}" returned a promise; it must answer at once.`);
        return `{"queryId":${queryId},"status":"answered","result":${toJson(result, 'The answer of the query')}}`;
      } catch (error) {
        return `{"queryId":${queryId},"status":"failed","failure":${JSON.stringify(errorToFailure(error))}}`;
      }
    });
    this.#queries = undefined;
    return `[${answers.join(',')}]`;
  }
}

/** Its name is the `type` of the failure, by which the engine tells a missing handler from one that threw. */
class QueryNotRegistered extends Error {
  override readonly name = 'QueryNotRegistered';
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

/** @throws TypeError saying what cannot be written as JSON */
function toJson(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new TypeError(`${what} cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function rejected(reason: unknown): Promise<never> {
  return Promise.reject(reason);
}

function unknownJob(job: never): never {
  throw new Error(`This version does not know the job ${JSON.stringify(job)}.`);
}
