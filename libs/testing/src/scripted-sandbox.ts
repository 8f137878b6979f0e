import type { Sandbox } from '@backstitch/engine';
import type {
  Activation,
  ActivationJob,
  ActivationResult,
  ActivityResolution,
  ChildWorkflowOptions,
  ChildWorkflowStartResolution,
  ExternalTarget,
  Failure,
  JsonValue,
  QueryAnswer,
  ScheduledActivityOptions,
  ScheduledLocalActivityOptions,
  UndoRegistration,
  WorkflowCommand,
} from '@backstitch/protocol';
import { DEFAULT_RETRY_POLICY } from '@backstitch/protocol';

/** A workflow as a generator: it runs until it yields, and is resumed by the next activation. What it returns must be JSON, and is its result. */
export type WorkflowScript = (workflow: ScriptedWorkflow, ...args: JsonValue[]) => Generator<void, unknown, void>;

/** What a script can decide and see. */
export class ScriptedWorkflow {
  readonly commands: WorkflowCommand[] = [];
  readonly signals: { signalName: string; args: JsonValue[] }[] = [];
  readonly queries = new Map<string, (...args: JsonValue[]) => JsonValue>();
  cancelRequested = false;
  activation!: Activation;
  /** Handlers of updates: called when the update comes; one that throws refuses it. Default: none, every update is refused. */
  readonly updates = new Map<string, (updateId: string, ...args: JsonValue[]) => JsonValue | undefined>();
  /** Called when a local activity is to be scheduled again after a pause that the workflow keeps. */
  onBackoff?: (backoff: { attempt: number; delayMs: number }) => void;
  /** Seeds of randomness, in order: of the start, and of each reset. */
  readonly randomnessSeeds: string[] = [];
  readonly #resolutions = new Map<number, ActivityResolution>();
  readonly #fired = new Set<number>();
  readonly #childStarts = new Map<number, ChildWorkflowStartResolution>();
  readonly #childEnds = new Map<number, ActivityResolution>();
  readonly #externals = new Map<string, Failure | undefined>();
  readonly #patches = new Set<string>();
  #activities = 0;
  #timers = 0;
  #children = 0;
  #externalSignals = 0;
  #externalCancellations = 0;

  /** Schedules an activity and goes on at once. */
  schedule(
    activityType: string,
    args: JsonValue[] = [],
    { undo, undoOfSeq, ...options }: Partial<ScheduledActivityOptions> & { undo?: UndoRegistration; undoOfSeq?: number } = {},
  ): number {
    const seq = (this.#activities += 1);
    this.commands.push({
      type: 'scheduleActivity',
      seq,
      activityType,
      args,
      options: { taskQueue: 'inventory', retryPolicy: { ...DEFAULT_RETRY_POLICY, jitter: 0 }, cancellationType: 'WAIT_CANCELLATION_COMPLETED', ...options },
      ...(undo === undefined ? {} : { undo }),
      ...(undoOfSeq === undefined ? {} : { undoOfSeq }),
    });
    return seq;
  }

  /** Waits for an activity's end. */
  *ended(seq: number): Generator<void, ActivityResolution, void> {
    yield* this.until(() => this.#resolutions.has(seq));
    return this.#resolutions.get(seq) as ActivityResolution;
  }

  isSettled(seq: number): boolean {
    return this.#resolutions.has(seq);
  }

  /** Schedules an activity and waits for its end. */
  *activity(...schedule: Parameters<ScriptedWorkflow['schedule']>): Generator<void, ActivityResolution, void> {
    return yield* this.ended(this.schedule(...schedule));
  }

  /** Schedules a local activity and goes on at once; `ended` tells how it ends. */
  scheduleLocal(activityType: string, args: JsonValue[] = [], options: Partial<ScheduledLocalActivityOptions> = {}, attempt?: number): number {
    const seq = (this.#activities += 1);
    const retryPolicy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
    this.commands.push({ type: 'scheduleLocalActivity', seq, activityType, args, options: { retryPolicy, cancellationType: 'WAIT_CANCELLATION_COMPLETED', ...options }, ...(attempt === undefined ? {} : { attempt }) });
    return seq;
  }

  /** Starts a child and goes on at once. */
  startChild(workflowType: string, workflowId: string, args: JsonValue[] = [], options: Partial<ChildWorkflowOptions> = {}): number {
    const seq = (this.#children += 1);
    this.commands.push({
      type: 'startChildWorkflow',
      seq,
      workflowId,
      workflowType,
      args,
      options: {
        taskQueue: 'default',
        parentClosePolicy: 'TERMINATE',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        ...options,
      },
    });
    return seq;
  }

  *childStarted(seq: number): Generator<void, ChildWorkflowStartResolution, void> {
    yield* this.until(() => this.#childStarts.has(seq));
    return this.#childStarts.get(seq) as ChildWorkflowStartResolution;
  }

  *childEnded(seq: number): Generator<void, ActivityResolution, void> {
    yield* this.until(() => this.#childEnds.has(seq));
    return this.#childEnds.get(seq) as ActivityResolution;
  }

  /** Sends a signal to another run and waits until it stands there; the failure if there is no such run. */
  *signalExternal(target: ExternalTarget, signalName: string, args: JsonValue[] = []): Generator<void, Failure | undefined, void> {
    const seq = (this.#externalSignals += 1);
    this.commands.push({ type: 'signalExternalWorkflow', seq, target, signalName, args });
    yield* this.until(() => this.#externals.has(`signal ${seq}`));
    return this.#externals.get(`signal ${seq}`);
  }

  *cancelExternal(workflowId: string, reason?: string): Generator<void, Failure | undefined, void> {
    const seq = (this.#externalCancellations += 1);
    this.commands.push({ type: 'requestCancelExternalWorkflow', seq, workflowId, ...(reason === undefined ? {} : { reason }) });
    yield* this.until(() => this.#externals.has(`cancel ${seq}`));
    return this.#externals.get(`cancel ${seq}`);
  }

  /** As `patched` in workflow code. */
  patched(patchId: string): boolean {
    const isPatched = this.#patches.has(patchId) || !this.activation.info.isReplaying;
    if (isPatched) {
      this.#patches.add(patchId);
      this.commands.push({ type: 'setPatchMarker', patchId, deprecated: false });
    }
    return isPatched;
  }

  startTimer(durationMs: number): number {
    const seq = (this.#timers += 1);
    this.commands.push({ type: 'startTimer', seq, durationMs });
    return seq;
  }

  hasFired(timerSeq: number): boolean {
    return this.#fired.has(timerSeq);
  }

  *sleep(durationMs: number): Generator<void, void, void> {
    const seq = this.startTimer(durationMs);
    yield* this.until(() => this.hasFired(seq));
  }

  *until(isTrue: () => boolean): Generator<void, void, void> {
    while (!isTrue()) {
      yield;
    }
  }

  apply(job: ActivationJob): void {
    switch (job.type) {
      case 'signalWorkflow':
        this.signals.push({ signalName: job.signalName, args: job.args });
        return;
      case 'cancelWorkflow':
        this.cancelRequested = true;
        return;
      case 'resolveActivity':
        this.#resolutions.set(job.seq, job.resolution);
        return;
      case 'resolveLocalActivity':
        if (job.resolution.status === 'backoff') {
          this.onBackoff?.(job.resolution);
        } else {
          this.#resolutions.set(job.seq, job.resolution);
        }
        return;
      case 'notifyHasPatch':
        this.#patches.add(job.patchId);
        return;
      case 'updateRandomSeed':
        this.randomnessSeeds.push(job.randomnessSeed);
        return;
      case 'doUpdate':
        this.#update(job);
        return;
      case 'resolveChildWorkflowStart':
        this.#childStarts.set(job.seq, job.resolution);
        return;
      case 'resolveChildWorkflow':
        this.#childEnds.set(job.seq, job.resolution);
        return;
      case 'resolveSignalExternalWorkflow':
        this.#externals.set(`signal ${job.seq}`, job.failure);
        return;
      case 'resolveRequestCancelExternalWorkflow':
        this.#externals.set(`cancel ${job.seq}`, job.failure);
        return;
      case 'fireTimer':
        this.#fired.add(job.seq);
        return;
      case 'initializeWorkflow':
        this.randomnessSeeds.push(job.randomnessSeed);
        return;
      case 'queryWorkflow':
        return;
      default: {
        const never: never = job;
        return never;
      }
    }
  }

  /** A handler that gives nothing completes the update later, by `completeUpdate`. */
  #update({ updateId, updateName, args }: Extract<ActivationJob, { type: 'doUpdate' }>): void {
    const handler = this.updates.get(updateName);
    try {
      if (handler === undefined) {
        throw new Error('no handler');
      }
      const accepted = this.commands.length;
      const result = handler(updateId, ...args);
      this.commands.splice(accepted, 0, { type: 'acceptUpdate', updateId });
      if (result !== undefined) {
        this.completeUpdate(updateId, result);
      }
    } catch (error) {
      this.commands.push({ type: 'rejectUpdate', updateId, failure: { message: (error as Error).message } });
    }
  }

  completeUpdate(updateId: string, result: JsonValue): void {
    this.commands.push({ type: 'completeUpdate', updateId, outcome: { status: 'completed', result } });
  }

  answer({ queryId, queryName, args }: Extract<ActivationJob, { type: 'queryWorkflow' }>): QueryAnswer {
    const handler = this.queries.get(queryName);
    if (handler === undefined) {
      return { queryId, status: 'failed', failure: { message: 'no handler', applicationFailureInfo: { type: 'QueryNotRegistered' } } };
    }
    try {
      return { queryId, status: 'answered', result: handler(...args) };
    } catch (error) {
      return { queryId, status: 'failed', failure: { message: (error as Error).message } };
    }
  }
}

/**
 * A sandbox whose workflows are generator functions of the test: no bundling, no isolation. A script that throws fails its workflow task.
 * For tests of the engine and of its hosts; workflow code as authors write it runs in the real sandbox.
 */
export class ScriptedSandbox implements Sandbox {
  readonly #scripts: Map<string, WorkflowScript>;
  readonly #runs = new Map<string, { workflow: ScriptedWorkflow; generator: Generator<void, unknown, void>; ended: boolean; tracesCalls: boolean }>();
  /** Every batch that was activated, in order. */
  readonly batches: Activation[][] = [];
  /** While set, these runs are answered `unknownRun` once. */
  readonly forgetOnce = new Set<string>();

  constructor(scripts: Record<string, WorkflowScript>) {
    this.#scripts = new Map(Object.entries(scripts));
  }

  get workflowTypes(): ReadonlySet<string> {
    return new Set(this.#scripts.keys());
  }

  /** Puts other code in a script's place, as a deployment does. Runs that are alive keep theirs. */
  replace(workflowType: string, script: WorkflowScript): void {
    this.#scripts.set(workflowType, script);
  }

  /** Ids of the runs that are alive. */
  runIds(): string[] {
    return [...this.#runs.keys()];
  }

  async activate(batch: readonly Activation[]): Promise<ActivationResult[]> {
    this.batches.push(JSON.parse(JSON.stringify(batch)) as Activation[]);
    return batch.map((activation) => JSON.parse(JSON.stringify(this.#activate(activation))) as ActivationResult);
  }

  async evict(runIds: readonly string[]): Promise<void> {
    runIds.forEach((runId) => this.#runs.delete(runId));
  }

  async close(): Promise<void> {
    this.#runs.clear();
  }

  #activate(activation: Activation): ActivationResult {
    const { runId, jobs } = activation;
    const [first] = jobs;
    if (this.forgetOnce.delete(runId)) {
      this.#runs.delete(runId);
    }
    if (first?.type === 'initializeWorkflow') {
      const script = this.#scripts.get(first.workflowType);
      const workflow = new ScriptedWorkflow();
      if (script === undefined) {
        return { runId, status: 'taskFailed', failure: { message: `no workflow "${first.workflowType}"` } };
      }
      this.#runs.set(runId, { workflow, generator: script(workflow, ...first.args), ended: false, tracesCalls: activation.info.tracesCalls === true });
    }
    const run = this.#runs.get(runId);
    if (run === undefined) {
      return { runId, status: 'unknownRun' };
    }
    const { workflow } = run;
    workflow.activation = activation;
    workflow.commands.length = 0;
    // A script's first part runs before it is told of updates: there it sets their handlers.
    const isFirst = first?.type === 'initializeWorkflow';
    jobs.filter(({ type }) => !isFirst || type !== 'doUpdate').forEach((job) => workflow.apply(job));
    const queries = jobs.filter((job) => job.type === 'queryWorkflow');
    try {
      if (queries.length < jobs.length && !run.ended) {
        run.ended = advance(run);
        if (isFirst && jobs.some(({ type }) => type === 'doUpdate')) {
          jobs.filter(({ type }) => type === 'doUpdate').forEach((job) => workflow.apply(job));
          run.ended = run.ended || advance(run);
        }
      }
    } catch (error) {
      this.#runs.delete(runId);
      return { runId, status: 'taskFailed', failure: { message: (error as Error).message } };
    }
    const commands = [...workflow.commands];
    const traced = run.tracesCalls ? { commandPositions: commands.map((_, index) => `script:${index + 1}`) } : {};
    return { runId, status: 'completed', commands, logs: [], queryAnswers: queries.map((query) => workflow.answer(query)), ...traced };
  }
}

/** Whether the script has ended. */
function advance({ workflow, generator }: { workflow: ScriptedWorkflow; generator: Generator<void, unknown, void> }): boolean {
  const { done, value } = generator.next();
  if (done === true) {
    workflow.commands.push(endOf(value));
  }
  return done === true;
}

/** What a script returns to end otherwise than completed. */
export const CANCELLED = '__cancelled__';

/** A script that returns this fails its workflow. */
export class ScriptFailed {
  constructor(readonly failure: Failure) {}
}

/** A script that returns this continues as new. */
export class ScriptContinued {
  readonly command: WorkflowCommand;
  constructor(command: Omit<Extract<WorkflowCommand, { type: 'continueAsNew' }>, 'type'>) {
    this.command = { type: 'continueAsNew', ...command };
  }
}

function endOf(value: unknown): WorkflowCommand {
  if (value instanceof ScriptFailed) {
    return { type: 'failWorkflow', failure: value.failure };
  }
  if (value instanceof ScriptContinued) {
    return value.command;
  }
  return value === CANCELLED ? { type: 'cancelWorkflowExecution' } : { type: 'completeWorkflow', result: (value ?? null) as JsonValue };
}
