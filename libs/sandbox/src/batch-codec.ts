import type { Activation, ActivationInfo, ActivationJob, ActivationResult, Failure, JsonValue, QueryAnswer, WorkflowCommand, WorkflowLogEntry, WorkflowSinkCall } from '@backstitch/protocol';

/** Bits of {@link ActivationWire}'s flags. */
export const CONTINUE_AS_NEW_SUGGESTED = 1;
export const IS_REPLAYING = 2;
export const TRACES_CALLS = 4;

/** The jobs that runs have most of, on their way in: a number stands for the type. */
export const INITIALIZE_WORKFLOW = 0;
export const ACTIVITY_COMPLETED = 1;
export const FIRE_TIMER = 2;

/** A job on its way in. Of the one that starts a run: what is 0 is as in the activation (the type; the run's id as seed). */
export type JobWire =
  | ActivationJob
  | [type: typeof INITIALIZE_WORKFLOW, workflowType: string | 0, args: JsonValue[], randomnessSeed: string | 0, runtimeVersion?: number]
  | [type: typeof ACTIVITY_COMPLETED, seq: number, result?: JsonValue]
  | [type: typeof FIRE_TIMER, seq: number];

/** An activation on its way into the sandbox: what never changes in a run's life goes in with its start only, what is empty is 0. */
export type ActivationWire = [
  runId: string,
  timestampMs: number,
  historyLength: number,
  historySizeBytes: number,
  flags: number,
  searchAttributes: Activation['info']['searchAttributes'] | 0,
  jobs: JobWire[],
  start?: [workflowId: string, workflowType: string, taskQueue: string, startTimeMs: number, memo: Activation['info']['memo'] | 0, rest?: SeldomInfo],
];

/** What most runs do not have. */
type SeldomInfo = Pick<ActivationInfo, 'lineage' | 'buildId'>;

/** A command on its way out: a number in place of options or undo is an index into the recurring values. */
type CommandWire = WorkflowCommand | (Extract<WorkflowCommand, { type: 'scheduleActivity' }> & { options: number; undo?: number });

/** A batch's results, in its order. */
interface ResultsWire {
  /** Recurring values that commands name by number from now on, and the number of the first. May have come before. */
  recurring?: { from: number; values: JsonValue[] };
  /** 0: unknown run. An array: completed. Else the task failed. */
  results: (0 | [commands: CommandWire[], logs?: WorkflowLogEntry[], queryAnswers?: QueryAnswer[], sinkCalls?: WorkflowSinkCall[], commandPositions?: string[]] | { failure: Failure })[];
}

/**
 * Writes batches for one isolate and reads its results, as JSON that is as short as it can be: most of what a batch costs is writing and reading it.
 * Every isolate has its own, since the values that its commands name by number come once.
 */
export class BatchCodec {
  readonly #recurring: JsonValue[] = [];

  /** @param onRecurring told of each value, frozen by then, that many results will hold; and of each object within */
  constructor(readonly onRecurring: (value: object) => void = () => undefined) {}

  /** Keeps nothing: the text is the same for every isolate. */
  encode(batch: readonly Activation[]): string {
    return JSON.stringify(batch.map(activationWireOf));
  }

  /** The results of `batch`; to be called in order of the batches. Options and undos are shared by all commands that have the same, and frozen. */
  decode(batch: readonly Activation[], resultsJson: string): ActivationResult[] {
    const { recurring, results } = JSON.parse(resultsJson) as ResultsWire;
    recurring?.values.forEach((value, index) => {
      this.#recurring[recurring.from + index] ??= this.#frozen(value);
    });
    return results.map((result, index): ActivationResult => {
      const { runId } = batch[index] as Activation;
      if (result === 0) return { runId, status: 'unknownRun' };
      if (!Array.isArray(result)) return { runId, status: 'taskFailed', failure: result.failure };
      const [commands, logs = [], queryAnswers = []] = result;
      for (const command of commands) if (command.type === 'scheduleActivity') this.#complete(command);
      const completed = { runId, status: 'completed' as const, commands: commands as WorkflowCommand[], logs, queryAnswers };
      if (result.length <= 3) return completed;
      const [, , , sinkCalls = [], commandPositions] = result;
      return { ...completed, ...(sinkCalls.length === 0 ? {} : { sinkCalls }), ...(commandPositions === undefined ? {} : { commandPositions }) };
    });
  }

  #frozen(value: JsonValue): JsonValue {
    if (typeof value !== 'object' || value === null) return value;
    for (const item of Object.values(value)) if (item !== undefined) this.#frozen(item);
    Object.freeze(value);
    this.onRecurring(value);
    return value;
  }

  #complete(command: { options: unknown; undo?: unknown }): void {
    if (typeof command.options === 'number') command.options = this.#recurring[command.options];
    if (typeof command.undo === 'number') command.undo = this.#recurring[command.undo];
  }
}

function activationWireOf({ runId, timestampMs, info, jobs }: Activation): ActivationWire {
  const flags = (info.continueAsNewSuggested ? CONTINUE_AS_NEW_SUGGESTED : 0) | (info.isReplaying ? IS_REPLAYING : 0) | (info.tracesCalls === true ? TRACES_CALLS : 0);
  const wire: ActivationWire = [runId, timestampMs, info.historyLength, info.historySizeBytes, flags, orZero(info.searchAttributes), jobs.map((job) => jobWireOf(job, info))];
  if (jobs[0]?.type === 'initializeWorkflow') {
    const { workflowId, workflowType, taskQueue, startTimeMs, lineage, buildId } = info;
    if (lineage === undefined && buildId === undefined) wire.push([workflowId, workflowType, taskQueue, startTimeMs, orZero(info.memo)]);
    else wire.push([workflowId, workflowType, taskQueue, startTimeMs, orZero(info.memo), { lineage, buildId }]);
  }
  return wire;
}

function jobWireOf(job: ActivationJob, { runId, workflowType }: ActivationInfo): JobWire {
  switch (job.type) {
    case 'initializeWorkflow': {
      const wire: JobWire = [INITIALIZE_WORKFLOW, job.workflowType === workflowType ? 0 : job.workflowType, job.args, job.randomnessSeed === runId ? 0 : job.randomnessSeed];
      if (job.runtimeVersion !== undefined) wire.push(job.runtimeVersion);
      return wire;
    }
    case 'resolveActivity': {
      if (job.resolution.status !== 'completed') return job;
      // In an array `undefined` would become null.
      const { result }: { result?: JsonValue } = job.resolution;
      return result === undefined ? [ACTIVITY_COMPLETED, job.seq] : [ACTIVITY_COMPLETED, job.seq, result];
    }
    case 'fireTimer':
      return [FIRE_TIMER, job.seq];
    default:
      return job;
  }
}

/** The job that was on its way in. */
export function jobOf(wire: JobWire, { runId, workflowType }: { runId: string; workflowType: string }): ActivationJob {
  if (!Array.isArray(wire)) return wire;
  switch (wire[0]) {
    case INITIALIZE_WORKFLOW: {
      // By index: to take an array apart means to iterate over it, and this runs for every start.
      const job = { type: 'initializeWorkflow' as const, workflowType: wire[1] === 0 ? workflowType : wire[1], args: wire[2], randomnessSeed: wire[3] === 0 ? runId : wire[3] };
      return wire[4] === undefined ? job : { ...job, runtimeVersion: wire[4] };
    }
    case ACTIVITY_COMPLETED:
      return { type: 'resolveActivity', seq: wire[1], resolution: { status: 'completed', result: wire[2] as JsonValue } };
    case FIRE_TIMER:
      return { type: 'fireTimer', seq: wire[1] };
    default:
      return wire satisfies never;
  }
}

function orZero<Value extends object>(value: Value): Value | 0 {
  for (const _key in value) return value;
  return 0;
}
