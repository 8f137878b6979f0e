import type { Activation, ActivationResult, Failure, JsonValue, QueryAnswer, WorkflowCommand, WorkflowLogEntry, WorkflowSinkCall } from '@backstitch/protocol';
import { batchWireOf } from './activation-wire.js';

type ScheduleActivity = Extract<WorkflowCommand, { type: 'scheduleActivity' }>;

/** What most commands are: an activity with no more than this. A number in place of options or undo is an index into the recurring values. */
type ActivityWire = [seq: number, activityType: string, args: JsonValue[], options: ScheduleActivity['options'] | number, undo?: ScheduleActivity['undo'] | number];

/** A command on its way out. */
type CommandWire = ActivityWire | WorkflowCommand | (Omit<ScheduleActivity, 'options' | 'undo'> & { options: number; undo?: number });

/** What an activation that is completed came to. */
type CompletedWire = [commands: CommandWire[], logs?: WorkflowLogEntry[], queryAnswers?: QueryAnswer[], sinkCalls?: WorkflowSinkCall[], commandPositions?: string[]];

/** A batch's results, in its order. */
interface ResultsWire {
  /** Recurring values that commands name by number from now on, and the number of the first. May have come before. */
  recurring?: { from: number; values: JsonValue[] };
  /** 0: unknown run. An array: completed, with one activity and nothing else if it begins with a number. Else the task failed. */
  results: (0 | ActivityWire | CompletedWire | { failure: Failure })[];
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
    return JSON.stringify(batchWireOf(batch));
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
      if (isActivity(result)) return { runId, status: 'completed', commands: [this.#activityOf(result)], logs: [], queryAnswers: [] };
      const [commandWires, logs = [], queryAnswers = [], sinkCalls = [], commandPositions] = result;
      const commands = commandWires.map((wire) => this.#commandOf(wire));
      const completed = { runId, status: 'completed' as const, commands, logs, queryAnswers };
      if (result.length <= 3) return completed;
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

  #commandOf(wire: CommandWire): WorkflowCommand {
    if (Array.isArray(wire)) return this.#activityOf(wire);
    if (wire.type !== 'scheduleActivity') return wire;
    wire.options = this.#valueOf(wire.options) as never;
    if (wire.undo !== undefined) wire.undo = this.#valueOf(wire.undo) as never;
    return wire as ScheduleActivity;
  }

  #activityOf(wire: ActivityWire): ScheduleActivity {
    // By index, as wherever many pass: to take an array apart means to iterate over it.
    const options = this.#valueOf(wire[3]) as ScheduleActivity['options'];
    if (wire[4] === undefined) return { type: 'scheduleActivity', seq: wire[0], activityType: wire[1], args: wire[2], options };
    return { type: 'scheduleActivity', seq: wire[0], activityType: wire[1], args: wire[2], options, undo: this.#valueOf(wire[4]) as NonNullable<ScheduleActivity['undo']> };
  }

  #valueOf(value: unknown): unknown {
    return typeof value === 'number' ? this.#recurring[value] : value;
  }
}

function isActivity(result: ActivityWire | CompletedWire): result is ActivityWire {
  return typeof result[0] === 'number';
}
