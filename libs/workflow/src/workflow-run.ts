import type {
  ActivationInfo,
  ActivationJob,
  Failure,
  SearchAttributes,
  WorkflowLogEntry,
} from '@backstitch/protocol';
import type { ActivityReference } from './activity-function.js';
import type { ResolvedUndo } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { CommandList } from './command-list.js';
import { errorToFailure } from './failure-conversion.js';
import { CancelledFailure, isCancellation, TemporalFailure } from './failures.js';
import type { MessageHandler } from './message-handler.js';
import { PendingActivities, type ScheduledActivity } from './pending-activities.js';
import { PendingConditions } from './pending-conditions.js';
import { PendingTimers, type StartedTimer } from './pending-timers.js';
import { QueryAnswering } from './query-answering.js';
import { SeededRandom } from './random.js';
import { runInScope } from './scope-context.js';
import { SignalDelivery } from './signal-delivery.js';
import { toJson } from './to-json.js';
import { unknownJob } from './unknown-job.js';

/** A workflow function as the bundle exports it. */
export type WorkflowFunction = (...args: unknown[]) => unknown;

/**
 * One run in the sandbox: applies jobs, hands out what the authoring functions ask for, collects commands.
 *
 * States: created → started (initializeWorkflow) → closed (completed, failed or cancelled) or broken (the workflow task failed). A closed run
 * takes jobs and gives no commands; a broken one must be thrown away.
 */
export class WorkflowRun {
  readonly rootScope: CancellationScope;
  /** Changes with each activation: to be copied before it is handed out. */
  readonly info: ActivationInfo;
  timestampMs: number;

  #random: SeededRandom | undefined;
  #randomnessSeed = '';
  readonly #commands = new CommandList();
  readonly #activities = new PendingActivities(this.#commands);
  // These are made when they are first needed: most suspended runs have none, and there are many suspended runs.
  #timers: PendingTimers | undefined;
  #conditions: PendingConditions | undefined;
  #signals: SignalDelivery | undefined;
  #queries: QueryAnswering | undefined;
  #logs: WorkflowLogEntry[] | undefined;
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

  /** Takes what is new in the next activation. */
  beginActivation(timestampMs: number, news: Partial<ActivationInfo>): void {
    this.timestampMs = timestampMs;
    Object.assign(this.info, news);
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

  /** Applies one job; `initializeWorkflow` goes through {@link start}, queries wait for {@link collectJson}. */
  apply(job: Exclude<ActivationJob, { type: 'initializeWorkflow' }>): void {
    runInScope(this.rootScope, () => {
      switch (job.type) {
        case 'signalWorkflow':
          return this.#signalsOnce().deliver(job.signalName, job.args);
        case 'cancelWorkflow':
          return this.rootScope.cancelWith(new CancelledFailure(job.reason ?? 'Workflow cancelled'));
        case 'resolveActivity':
          return this.#activities.resolve(job.seq, job.resolution);
        case 'fireTimer':
          return this.#timersOnce().fire(job.seq);
        case 'queryWorkflow':
          return this.#queriesOnce().add(job);
        default:
          return unknownJob(job);
      }
    });
  }

  /** Resolves the conditions that hold now. Answers whether there was one: then promises must be drained and this be called again. */
  settleConditions(): boolean {
    return this.#conditions !== undefined && this.#conditions.settle(this);
  }

  /** Whether user code must run before the activation can be collected. */
  get hasConditionsOrQueries(): boolean {
    return this.#conditions?.isEmpty === false || this.#queries?.isWaiting === true;
  }

  /**
   * The activation's result as JSON: `[commands]`, or `[commands,logs,queryAnswers]` if there are such, or `{"failure":…}`. Answers the
   * queries; nothing may be pending.
   */
  collectJson(): string {
    const answers = this.#queries === undefined ? '[]' : this.#queries.takeAnswersJson();
    if (this.#broken !== undefined) return `{"failure":${JSON.stringify(this.#broken)}}`;
    const logs = this.#logs;
    this.#logs = undefined;
    if (logs === undefined && answers === '[]') return `[${this.#commands.takeJson()}]`;
    return `[${this.#commands.takeJson()},${JSON.stringify(logs ?? [])},${answers}]`;
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
    return this.#activities.schedule(scope, reference, args, this.info.taskQueue, undoJson);
  }

  /** Schedules the undo of the step `stepSeq`. Its argument comes as JSON: it was fixed when the step was scheduled. */
  scheduleUndo(scope: CancellationScope, undo: ResolvedUndo, stepSeq: number, undoInputJson: string): ScheduledActivity {
    return this.#activities.scheduleUndo(scope, undo, stepSeq, undoInputJson);
  }

  /** Starts a timer in `scope`. */
  startTimer(durationMs: number, scope: CancellationScope, fire: () => void, cancelled?: (reason: CancelledFailure) => void): StartedTimer {
    return this.#timersOnce().start(durationMs, scope, fire, cancelled);
  }

  sleep(scope: CancellationScope, durationMs: number): Promise<void> {
    if (scope.cancelledBy !== undefined) return Promise.reject(scope.cancelledBy);
    return new Promise((resolve, reject) => void this.startTimer(durationMs, scope, resolve, reject));
  }

  condition(scope: CancellationScope, predicate: () => boolean, timeoutMs: number | undefined): Promise<boolean> {
    if (scope.cancelledBy !== undefined) return Promise.reject(scope.cancelledBy);
    if (predicate()) return Promise.resolve(true);
    const startTimeout = timeoutMs === undefined ? undefined : (expire: () => void) => this.startTimer(timeoutMs, scope, expire);
    return (this.#conditions ??= new PendingConditions()).wait(scope, predicate, startTimeout);
  }

  setSignalHandler(name: string, handler: MessageHandler | undefined): void {
    this.#signalsOnce().setHandler(name, handler);
  }

  setQueryHandler(name: string, handler: MessageHandler | undefined): void {
    this.#queriesOnce().setHandler(name, handler);
  }

  upsertSearchAttributes(searchAttributes: SearchAttributes): void {
    const json = toJson(searchAttributes, 'Search attributes');
    this.#commands.push(`{"type":"upsertSearchAttributes","searchAttributes":${json}}`);
    this.info.searchAttributes = { ...this.info.searchAttributes, ...(JSON.parse(json) as SearchAttributes) };
  }

  /** Keeps a log line for the host; silent while history is replayed. */
  log(entry: WorkflowLogEntry): void {
    if (!this.info.isReplaying) (this.#logs ??= []).push(JSON.parse(toJson(entry, 'A log line')) as WorkflowLogEntry);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #timersOnce(): PendingTimers {
    return (this.#timers ??= new PendingTimers(this.#commands));
  }

  #signalsOnce(): SignalDelivery {
    return (this.#signals ??= new SignalDelivery(this.rootScope, (error) => this.#endWith(error)));
  }

  #queriesOnce(): QueryAnswering {
    return (this.#queries ??= new QueryAnswering(this.rootScope));
  }

  #complete(result: unknown): void {
    try {
      this.#commands.close(`{"type":"completeWorkflow","result":${toJson(result, 'The result of the workflow')}}`);
    } catch (error) {
      this.#endWith(error);
    }
  }

  /** What an error thrown by the workflow function or an async signal handler comes to. */
  #endWith(error: unknown): void {
    if (this.#commands.isClosed) return;
    if (this.rootScope.consideredCancelled && isCancellation(error)) this.#commands.close('{"type":"cancelWorkflowExecution"}');
    else if (error instanceof TemporalFailure) this.#commands.close(`{"type":"failWorkflow","failure":${JSON.stringify(errorToFailure(error))}}`);
    else this.break(error);
  }
}
