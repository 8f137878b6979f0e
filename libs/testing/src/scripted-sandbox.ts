import type { Sandbox } from '@backstitch/engine';
import type {
  Activation,
  ActivationJob,
  ActivationResult,
  ActivityResolution,
  JsonValue,
  QueryAnswer,
  ScheduledActivityOptions,
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
  readonly #resolutions = new Map<number, ActivityResolution>();
  readonly #fired = new Set<number>();
  #activities = 0;
  #timers = 0;

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

  /** Schedules an activity and waits for its end. */
  *activity(...schedule: Parameters<ScriptedWorkflow['schedule']>): Generator<void, ActivityResolution, void> {
    return yield* this.ended(this.schedule(...schedule));
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
      case 'fireTimer':
        this.#fired.add(job.seq);
        return;
      case 'initializeWorkflow':
      case 'queryWorkflow':
        return;
      default: {
        const never: never = job;
        return never;
      }
    }
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
  readonly #runs = new Map<string, { workflow: ScriptedWorkflow; generator: Generator<void, unknown, void>; ended: boolean }>();
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
      this.#runs.set(runId, { workflow, generator: script(workflow, ...first.args), ended: false });
    }
    const run = this.#runs.get(runId);
    if (run === undefined) {
      return { runId, status: 'unknownRun' };
    }
    const { workflow } = run;
    workflow.activation = activation;
    workflow.commands.length = 0;
    jobs.forEach((job) => workflow.apply(job));
    const queries = jobs.filter((job) => job.type === 'queryWorkflow');
    try {
      if (queries.length < jobs.length && !run.ended) {
        const { done, value } = run.generator.next();
        if (done === true) {
          run.ended = true;
          workflow.commands.push(endOf(value));
        }
      }
    } catch (error) {
      this.#runs.delete(runId);
      return { runId, status: 'taskFailed', failure: { message: (error as Error).message } };
    }
    return { runId, status: 'completed', commands: [...workflow.commands], logs: [], queryAnswers: queries.map((query) => workflow.answer(query)) };
  }
}

/** What a script returns to end otherwise than completed. */
export const CANCELLED = '__cancelled__';

function endOf(value: unknown): WorkflowCommand {
  return value === CANCELLED ? { type: 'cancelWorkflowExecution' } : { type: 'completeWorkflow', result: (value ?? null) as JsonValue };
}
