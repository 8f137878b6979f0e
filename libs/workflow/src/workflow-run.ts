import type { ActivationInfo, ActivationJob, Failure, JsonValue, SearchAttributes, WorkflowCommand, WorkflowLogEntry } from '@backstitch/protocol';
import type { ActivityReference } from './activity-function.js';
import type { ResolvedUndo } from './activity-options.js';
import { applyJob } from './apply-job.js';
import { answerBuiltInQuery, type PendingCall } from './built-in-queries.js';
import { positionOfCall, stackOfCall } from './call-position.js';
import { CancellationScope } from './cancellation-scope.js';
import { CommandList, readCommands } from './command-list.js';
import { ContinueAsNew } from './continue-as-new-error.js';
import { type CancelledFailure, ensureTemporalFailure, errorToFailure, isCancellation, TemporalFailure } from '@backstitch/protocol/failures';
import { FORGOTTEN } from './forgotten.js';
import type { HandlerExecutions } from './handler-executions.js';
import { chain } from './interceptor-chain.js';
import type { WorkflowInterceptors } from './interceptors.js';
import { callWorkflow, type LoadedWorkflow } from './loaded-workflow.js';
import { PendingActivities, type ActivityExtras, type ScheduledActivity } from './pending-activities.js';
import { PendingConditions } from './pending-conditions.js';
import { PendingTimers, type StartedTimer } from './pending-timers.js';
import { QueryAnswering } from './query-answering.js';
import { RunFeatures } from './run-features.js';
import { RunRandomness } from './random-streams.js';
import type { SagaRun } from './saga-run.js';
import { enterScope, leaveScope, runInScope } from './scope-context.js';
import { SignalDelivery } from './signal-delivery.js';
import { toJson } from './to-json.js';
import { convertedArgs, convertedJobs, convertsValues, payloadJson } from './value-conversion.js';

type LoadWorkflow = (run: WorkflowRun, workflowType: string) => LoadedWorkflow;
type InitializeJob = Extract<ActivationJob, { type: 'initializeWorkflow' }>;

/**
 * One run in the sandbox: applies jobs, hands out what the authoring functions ask for, collects commands.
 *
 * States: created → started (initializeWorkflow) → closed (completed, failed, cancelled or continued as new) or broken (the workflow task failed). A
 * closed run takes jobs and gives no commands; a broken one must be thrown away. Any of them → forgotten: it holds nothing, and must not be called any more.
 */
export class WorkflowRun {
  rootScope: CancellationScope;
  /** Changes with each activation: to be copied before it is handed out. */
  info: ActivationInfo;
  /** Whether the run has runtime version 1: see RUNTIME_VERSION. */
  readonly isLegacy: boolean;
  timestampMs: number;
  /** The sagas that are open, newest first. */
  openSagas: SagaRun | undefined;
  /** Whether a saga has taken over what the run before has left to this one. */
  hasInherited = false;

  #random: RunRandomness | undefined;
  #randomnessSeed = '';
  /** The id of the run that this one is, or that it was reset or forked from. */
  originalRunId: string;
  #commands: CommandList;
  #activities: PendingActivities;
  // These are made when they are first needed: most suspended runs have none, and there are many suspended runs.
  #timers: PendingTimers | undefined;
  #conditions: PendingConditions | undefined;
  #signals: SignalDelivery | undefined;
  #queries: QueryAnswering | undefined;
  #features: RunFeatures | undefined;
  #logs: WorkflowLogEntry[] | undefined;
  #broken: Failure | undefined;
  /** What the workflow function is to be called with when the other jobs of the activation have been applied. */
  #toBegin: { loaded: LoadedWorkflow; input: unknown[] } | undefined;

  constructor(readonly runId: string, info: ActivationInfo, timestampMs: number, runtimeVersion: number) {
    this.info = info;
    this.isLegacy = runtimeVersion === 1;
    this.timestampMs = timestampMs;
    this.originalRunId = runId;
    this.rootScope = new CancellationScope({ cancellable: true }, this);
    this.#commands = new CommandList(this.isLegacy);
    this.#activities = new PendingActivities(this.#commands, this);
    if (info.tracesCalls === true) this.#commands.positionOfCall = positionOfCall;
  }

  /** From now on random numbers come from another seed. */
  reseed(randomnessSeed: string): void {
    this.#randomnessSeed = randomnessSeed;
    this.#random = undefined;
  }

  get random(): RunRandomness {
    this.#random ??= new RunRandomness(this.#randomnessSeed, this.isLegacy);
    return this.#random;
  }

  // ---- what the sandbox calls -------------------------------------------------------------------------------------

  /** Takes what is new in the next activation. */
  beginActivation(
    timestampMs: number,
    historyLength: number,
    historySizeBytes: number,
    continueAsNewSuggested: boolean,
    searchAttributes: SearchAttributes,
    isReplaying: boolean,
  ): void {
    this.timestampMs = timestampMs;
    const { info } = this;
    info.historyLength = historyLength;
    info.historySizeBytes = historySizeBytes;
    info.continueAsNewSuggested = continueAsNewSuggested;
    info.searchAttributes = searchAttributes;
    info.isReplaying = isReplaying;
  }

  /** Applies the jobs of an activation. `load` evaluates the workflow's modules for a run. */
  applyAll(given: readonly ActivationJob[], load: LoadWorkflow): void {
    const first = given[0];
    if (first?.type === 'initializeWorkflow') this.#start(first, load);
    const jobs = convertsValues() ? runInScope(this.rootScope, () => convertedJobs(this, given)) : given;
    const internals = this.interceptors?.internals;
    if (internals === undefined) return this.#applyJobs(jobs);
    const { runId, timestampMs } = this;
    const activate = chain(internals, 'activate', () => this.#applyJobs(jobs));
    runInScope(this.rootScope, () => activate({ activation: { runId, timestampMs, jobs: [...jobs] }, batchIndex: 0 }));
  }

  /** As {@link applyAll} with this one job; answers false, and does nothing, where somebody must see the job itself. */
  completeActivity(seq: number, result: JsonValue): boolean {
    if (convertsValues() || this.interceptors?.internals !== undefined) return false;
    const previous = enterScope(this.rootScope);
    try {
      this.#activities.complete(seq, result);
    } finally {
      leaveScope(previous);
    }
    if (!this.isLegacy) this.#conditions?.settleAll(this);
    return true;
  }

  #applyJobs(jobs: readonly ActivationJob[]): void {
    for (const job of jobs) {
      if (job.type === 'initializeWorkflow') continue;
      runInScope(this.rootScope, () => applyJob(this, job));
      // Temporal's runtime asks after each job, before any code has run that the job has set free.
      if (!this.isLegacy && job.type !== 'queryWorkflow') this.#conditions?.settleAll(this);
    }
    const toBegin = this.#toBegin;
    if (toBegin === undefined) return;
    this.#toBegin = undefined;
    runInScope(this.rootScope, () => callWorkflow(this, toBegin.loaded, toBegin.input));
    this.#conditions?.settleAll(this);
  }

  /** Loads the run's code; the workflow function is called when the other jobs of the activation have been applied (legacy: at once). */
  #start({ workflowType, args, randomnessSeed }: InitializeJob, load: LoadWorkflow): void {
    this.#randomnessSeed = this.originalRunId = randomnessSeed;
    if (this.isLegacy) {
      runInScope(this.rootScope, () => {
        try {
          callWorkflow(this, load(this, workflowType), convertedArgs(this, args));
        } catch (error) {
          this.endWith(error);
        }
      });
      return;
    }
    const loaded = runInScope(this.rootScope, () => load(this, workflowType));
    const input = convertsValues() ? runInScope(this.rootScope, () => convertedArgs(this, args)) : args;
    if (loaded.interceptors !== undefined) this.features.interceptors = loaded.interceptors;
    if (loaded.isFailure !== undefined) this.features.isFailure = loaded.isFailure;
    this.#toBegin = { loaded, input };
  }

  /** Evaluates modules as this run, outside of any workflow. */
  inspect(load: () => void): void {
    runInScope(this.rootScope, load);
  }

  /**
   * To be called when promises are drained: resolves the conditions that hold now, or else what had to wait for that. Answers whether there was
   * something: then promises must be drained and this be called again.
   */
  settle(): boolean {
    if (this.isLegacy) return this.#conditions !== undefined && this.#conditions.settle(this);
    if (this.#conditions?.settleAll(this) === true) return true;
    if (this.#features?.hasResolvedLater === true) {
      const resolvedLater = this.#features.takeResolvedLater();
      // Temporal's core gives a run that has closed no further activation.
      if (this.#commands.isClosed) return false;
      for (const resolve of resolvedLater) {
        resolve();
        this.#conditions?.settleAll(this);
      }
      return true;
    }
    return this.#queries?.beginIntercepted() === true;
  }

  /** Whether user code must run before the activation can be collected. */
  get hasMoreToRun(): boolean {
    if (this.#conditions?.isEmpty === false || this.#queries?.isWaiting === true) return true;
    return this.#features !== undefined && (this.#features.hasResolvedLater || this.#features.interceptors?.internals !== undefined);
  }

  /**
   * The activation's result as JSON: one activity if that is all, else `[commands]`, and where there are such `,logs,queryAnswers` and then `,sinkCalls,commandPositions`; or
   * `{"failure":…}`. Answers the queries; nothing may be pending.
   */
  collectJson(): string {
    if (this.#queries === undefined && this.#features === undefined && this.#broken === undefined && this.#logs === undefined && this.#commands.positionOfCall === undefined) {
      return this.#commands.takeOnlyActivityJson() ?? `[${this.#commands.takeJson()}]`;
    }
    const answers = this.#queries === undefined ? '[]' : this.#queries.takeAnswersJson();
    if (this.#features !== undefined) this.#conclude(this.#features);
    if (this.#broken !== undefined) return `{"failure":${JSON.stringify(this.#broken)}}`;
    const positions = this.#commands.positionOfCall === undefined ? undefined : this.#commands.positionsJson();
    const commands = this.#takeCommandsJson();
    const sinkCalls = this.#features?.takeSinkCalls();
    const logs = this.#logs;
    this.#logs = undefined;
    if (sinkCalls === undefined && positions === undefined) {
      return logs === undefined && answers === '[]' ? `[${commands}]` : `[${commands},${JSON.stringify(logs ?? [])},${answers}]`;
    }
    return `[${commands},${JSON.stringify(logs ?? [])},${answers},${JSON.stringify(sinkCalls ?? [])}${positions === undefined ? '' : `,${positions}`}]`;
  }

  #conclude(features: RunFeatures): void {
    const warning = features.conclude(this.#hasEndedWell);
    this.#hasEndedWell = false;
    if (warning !== undefined) this.log({ level: 'warn', message: warning });
  }

  #takeCommandsJson(): string {
    const json = this.#commands.takeJson();
    const internals = this.#features?.interceptors?.internals;
    if (internals === undefined) return json;
    const conclude = chain(internals, 'concludeActivation', (input: { commands: WorkflowCommand[] }) => input);
    return JSON.stringify(runInScope(this.rootScope, () => conclude({ commands: readCommands(json) })).commands);
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * The run will not be activated again: lets go of all it holds. V8 gives each generator function that was called a map of its own, in the old generation;
   * until that is collected, the run can be reached from there, and each collection of the young generation would copy all of it, dead as it is.
   */
  forget(): void {
    this.rootScope = this.info = this.#commands = this.#activities = FORGOTTEN;
    this.#timers = this.#conditions = this.#signals = this.#queries = this.#features = this.openSagas = this.#toBegin = undefined;
  }

  /** The workflow task failed: the error is no failure of the workflow. The first one counts. */
  break(error: unknown): void {
    this.#broken ??= errorToFailure(error);
  }

  // ---- what the authoring functions call --------------------------------------------------------------------------

  get features(): RunFeatures {
    return (this.#features ??= new RunFeatures(this, this.#commands));
  }

  get interceptors(): WorkflowInterceptors | undefined {
    return this.#features?.interceptors;
  }

  get executions(): HandlerExecutions {
    return this.features.executions;
  }

  get areAllHandlersFinished(): boolean {
    return this.#features?.areAllHandlersFinished ?? true;
  }

  /** Schedules an activity in `scope`, with its undo (as JSON) if it is a saga's step. Argument errors are thrown; all else rejects the promise. */
  scheduleActivity(scope: CancellationScope, reference: ActivityReference, args: unknown[], undoJson?: string, extras?: ActivityExtras): ScheduledActivity {
    return this.#activities.schedule(scope, reference, args, this.info.taskQueue, undoJson, extras);
  }

  /** Schedules the undo of a step. Its argument comes as JSON: it was fixed when the step was scheduled. @param ofJson the member that names the step */
  scheduleUndo(scope: CancellationScope, undo: ResolvedUndo, ofJson: string, undoInputJson: string): ScheduledActivity {
    return this.#activities.scheduleUndo(scope, undo, ofJson, undoInputJson);
  }

  get activities(): PendingActivities {
    return this.#activities;
  }

  get timers(): PendingTimers {
    return (this.#timers ??= new PendingTimers(this.#commands));
  }

  /** Starts a timer in `scope`. */
  startTimer(durationMs: number, scope: CancellationScope, fire: () => void, cancelled?: (reason: CancelledFailure) => void): StartedTimer {
    const timers = this.timers;
    return timers.start(timers.takeSeq(), durationMs, scope, fire, cancelled);
  }

  /** @param takenSeq given where an interceptor has seen it; else the next one */
  sleep(scope: CancellationScope, durationMs: number, takenSeq?: number, summary?: string): Promise<void> {
    if (scope.consideredCancelled && this.isLegacy) return scope.refuse();
    const timers = this.timers;
    const seq = takenSeq ?? timers.takeSeq();
    if (scope.consideredCancelled) return scope.refuse();
    return new Promise((resolve, reject) => void timers.start(seq, durationMs, scope, resolve, reject, summary));
  }

  /** Resolves when the predicate holds; with a time limit (runtime version 1 only) with false when it has passed. */
  condition(scope: CancellationScope, predicate: () => boolean, timeoutMs?: number): Promise<boolean> {
    if (scope.consideredCancelled) return scope.refuse();
    if (predicate()) return Promise.resolve(true);
    const startTimeout = timeoutMs === undefined ? undefined : (expire: () => void) => this.startTimer(timeoutMs, scope, expire);
    return (this.#conditions ??= new PendingConditions()).wait(scope, predicate, startTimeout);
  }

  get signals(): SignalDelivery {
    return (this.#signals ??= new SignalDelivery(this, (error) => this.endWith(error)));
  }

  get queries(): QueryAnswering {
    return (this.#queries ??= new QueryAnswering(this));
  }

  /** Has `resolve` called when all code of the activation has run, as if it came with the next one. */
  resolveLater(resolve: () => void): void {
    this.features.resolveLater(resolve);
  }

  /** Whether the run has the patch. */
  hasPatch(patchId: string, deprecated: boolean): boolean {
    return this.features.patches.has(patchId, deprecated, this.info.isReplaying);
  }

  upsertSearchAttributes(searchAttributes: SearchAttributes): void {
    const json = toJson(searchAttributes, 'Search attributes');
    this.#commands.push(`{"type":"upsertSearchAttributes","searchAttributes":${json}}`);
    this.info.searchAttributes = { ...this.info.searchAttributes, ...(JSON.parse(json) as SearchAttributes) };
  }

  /** Pushes a command that is JSON already. */
  pushCommand(json: string): void {
    this.#commands.push(json);
  }

  /** Keeps a log line for the host; silent while history is replayed. */
  log(entry: WorkflowLogEntry): void {
    if (!this.info.isReplaying) (this.#logs ??= []).push(JSON.parse(toJson(entry, 'A log line')) as WorkflowLogEntry);
  }

  answerBuiltInQuery(queryName: string): unknown {
    return answerBuiltInQuery(this, queryName);
  }

  /** Keeps the stack of the calling code for what pends from now on, where calls are traced. */
  trace(pending: object): void {
    if (this.info.tracesCalls === true) (this.features.stacks ??= new WeakMap()).set(pending, stackOfCall());
  }

  /** What the run waits for, for people: with the stack of the call, where calls are traced. */
  describePending(): PendingCall[] {
    const pending = [
      ...this.#activities.describe(),
      ...(this.#timers?.describe() ?? []),
      ...(this.#features?.describe() ?? []),
      ...(this.#conditions?.describe() ?? []),
    ];
    const stacks = this.#features?.stacks;
    return pending.map(({ item, what }) => ({ what, stack: stacks?.get(item) }));
  }

  /** The workflow function returned. */
  completeWith(result: unknown): void {
    try {
      this.#close(`{"type":"completeWorkflow","result":${payloadJson(this, result, 'The result of the workflow')}}`);
    } catch (error) {
      this.endWith(error);
    }
  }

  /** What an error thrown by the workflow function, or by a handler, comes to. */
  endWith(error: unknown): void {
    if (this.#commands.isClosed) return;
    if (this.rootScope.consideredCancelled && isCancellation(error)) this.#close('{"type":"cancelWorkflowExecution"}');
    else if (error instanceof ContinueAsNew) this.#close(`{"type":"continueAsNew",${JSON.stringify(error.command).slice(1)}`);
    else if (error instanceof TemporalFailure || this.#features?.isFailure?.(error) === true) {
      this.#commands.close(`{"type":"failWorkflow","failure":${JSON.stringify(errorToFailure(ensureTemporalFailure(error)))}}`);
    } else this.break(error);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #hasEndedWell = false;

  #close(json: string): void {
    this.#hasEndedWell = !this.#commands.isClosed;
    this.#commands.close(json);
  }
}
