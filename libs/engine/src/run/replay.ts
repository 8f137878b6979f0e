import type { ActivationResult, Failure, HistoryEvent, IncidentDivergence, WorkflowCommand } from '@backstitch/protocol';
import { plainFailure } from '../failures.js';
import type { StoredRun } from '../ports/history-store.js';
import type { HistoryLimits } from './activation.js';
import { commandEventsOf } from './command-events.js';
import { compareWithHistory, type Divergence } from './divergence.js';
import { evolve } from './evolve.js';
import { closeLocalActivities, isLocalActivityMarker, noteLocalCommands } from './local-activities.js';
import { isPatchMarker, patchOf, RecordedTasks, UnfinishedTaskError, type RecordedTask } from './recorded-tasks.js';
import type { LocalActivity } from './run-extras.js';
import { emptyRunState, type RunState } from './run-state.js';
import { InvalidCommandError } from './unplaced-event.js';

const RESTARTS_MAX = 5;
const NOTHING_DECODED: ReadonlyMap<number, never> = new Map<number, never>();

/** Why a run could not be brought back. */
export type ReplayProblem = { kind: 'divergence'; divergence: Divergence } | { kind: 'taskFailed'; failure: Failure };

/** Recorded tasks of one run that follow each other: its code is told all of them, and then looked at. */
export interface ReplayStretch {
  readonly tasks: readonly RecordedTask[];
  /** Which attempt to bring the run back it belongs to. */
  readonly attempt: number;
}

/** How much is taken at once. At least one task is. */
export interface StretchLimits {
  tasksMax: number;
  /** Of the events in it, as they count towards the size of the history. */
  bytesMax: number;
}

/**
 * Brings a run back in the sandbox: its code is told the recorded workflow tasks in order, stretch by stretch, and what it answers is compared with what is
 * recorded. Stretches may be taken (`next`) before the answers to earlier ones are in (`accept`): what the code is told does not depend on them.
 *
 * States: under way → at the end (`isOver`, no problem) or at a problem (`isOver`, `problem` is set). A run that the sandbox lost begins again: stretches that were
 * taken before count no more.
 */
export class Replay {
  /** As the history made it up to the task that is compared. */
  #state: RunState;
  #tasks: RecordedTasks;
  readonly #events: readonly HistoryEvent[];
  /** Events that are in the state. */
  #position = 0;
  #attempt = 1;
  #tasksUnderWay = 0;
  /** What stands behind the last task: nothing more, or why no task can be read. */
  #end: { error?: unknown } | undefined;
  /** Set once something stands in the way; the run must then not be advanced. */
  problem?: ReplayProblem;
  /** Where the code now gives another input or other options. */
  readonly drift: IncidentDivergence[] = [];

  /**
   * @param tracesCalls whether differences are to name the lines of code that they come from; the sandbox takes longer then
   * @param decoded events to be compared in the place of those recorded, whose payloads are encoded
   */
  constructor(
    readonly stored: StoredRun,
    readonly limits: HistoryLimits,
    readonly tracesCalls = false,
    readonly decoded: ReadonlyMap<number, HistoryEvent> = NOTHING_DECODED,
  ) {
    this.#state = emptyRunState(stored.record);
    this.#events = stored.events;
    this.#tasks = this.#recordedTasks();
  }

  get isOver(): boolean {
    return this.problem !== undefined || (this.#end !== undefined && this.#tasksUnderWay === 0);
  }

  /** Events whose input or options the code now gives otherwise. */
  get driftedEventIds(): number[] {
    return this.drift.map(({ eventId }) => eventId);
  }

  /** Local activities that the code began and the history does not close. */
  get localActivities(): ReadonlyMap<number, LocalActivity> | undefined {
    return this.#state.extras?.localActivities;
  }

  /** The next recorded tasks; undefined when there is none left (for now: a run that is lost begins again) or a problem was found. */
  next({ tasksMax, bytesMax }: StretchLimits): ReplayStretch | undefined {
    const tasks: RecordedTask[] = [];
    const bytesAtEnd = this.#tasks.bytesRead + bytesMax;
    while (this.problem === undefined && this.#end === undefined && (tasks.length === 0 || (tasks.length < tasksMax && this.#tasks.bytesRead < bytesAtEnd))) {
      const task = this.#nextTask();
      if (task !== undefined) {
        tasks.push(task);
      }
    }
    this.#tasksUnderWay += tasks.length;
    this.#comeToEnd();
    return tasks.length === 0 ? undefined : { tasks, attempt: this.#attempt };
  }

  #nextTask(): RecordedTask | undefined {
    try {
      const task = this.#tasks.next();
      if (task === undefined) {
        this.#end = {};
      }
      return task;
    } catch (error) {
      // First come the tasks before it: what they come to counts more.
      this.#end = { error };
      return undefined;
    }
  }

  /**
   * Compares what a stretch's tasks came to with what is recorded. Answers how many of the results counted: none after the first that stands in the way. A result
   * that is missing stands for `unknownRun`.
   */
  accept({ tasks, attempt }: ReplayStretch, results: readonly (ActivationResult | undefined)[]): number {
    let counted = 0;
    while (attempt === this.#attempt && this.problem === undefined && counted < tasks.length) {
      this.#accept(tasks[counted] as RecordedTask, results[counted]);
      counted += 1;
    }
    this.#comeToEnd();
    return counted;
  }

  #accept(task: RecordedTask, result: ActivationResult | undefined): void {
    this.#tasksUnderWay -= 1;
    switch (result?.status) {
      case 'completed':
        this.#compare(task, result);
        return;
      case 'taskFailed':
        this.problem = { kind: 'taskFailed', failure: result.failure };
        return;
      case 'unknownRun':
      case undefined:
        this.#restart();
        return;
      default: {
        const never: never = result;
        return never;
      }
    }
  }

  /** What stands behind the last task counts when all tasks are compared. */
  #comeToEnd(): void {
    if (this.#end?.error === undefined || this.#tasksUnderWay > 0 || this.problem !== undefined) {
      return;
    }
    const { error } = this.#end;
    if (!(error instanceof UnfinishedTaskError)) {
      throw error;
    }
    this.problem = { kind: 'taskFailed', failure: plainFailure(error.message) };
  }

  /** Another run of the same sandbox call can take this one with it: begin again. */
  #restart(): void {
    if (this.#attempt > RESTARTS_MAX) {
      this.problem = { kind: 'taskFailed', failure: plainFailure('The sandbox keeps losing the run while it is replayed') };
    }
    this.#attempt += 1;
    this.#state = emptyRunState(this.#state);
    this.#tasks = this.#recordedTasks();
    this.#position = 0;
    this.#tasksUnderWay = 0;
    this.#end = undefined;
    this.drift.length = 0;
  }

  #recordedTasks(): RecordedTasks {
    return new RecordedTasks(this.stored.record, this.#events, this.limits, this.tracesCalls);
  }

  #compare(task: RecordedTask, result: Extract<ActivationResult, { status: 'completed' }>): void {
    const { completed } = task;
    for (let event = this.#events[this.#position]; event !== undefined; event = this.#events[this.#position]) {
      this.#position += 1;
      // How large the history was then, the code was told when the task was read.
      evolve(this.#state, event, 0);
      if (event === completed) {
        break;
      }
    }
    try {
      this.#compareCommands(task, result);
    } catch (error) {
      if (!(error instanceof InvalidCommandError)) {
        throw error;
      }
      this.problem = { kind: 'taskFailed', failure: { message: error.message } };
    }
    // What was recorded is in force, whatever the code says today.
    task.localEnds.forEach(({ event }) => evolve(this.#state, event, 0));
    task.commandEvents.forEach((event) => evolve(this.#state, event, 0));
    this.#position += task.commandEvents.length + task.localEnds.length;
    this.#state.nextEventId = this.#position + 1;
  }

  #compareCommands(task: RecordedTask, { commands, commandPositions }: Extract<ActivationResult, { status: 'completed' }>): void {
    const { effective, recorded } = withoutFittingPatches(task, commands);
    const hasGaps = recorded.length !== task.commandEvents.length || task.localEnds.length > 0;
    const { events, localCommands, sources } = commandEventsOf(this.#state, effective, task.completed.eventId, {
      updates: task.updates,
      ...(hasGaps ? { eventIds: recorded.map(({ eventId }) => eventId) } : {}),
      isReplay: true,
      keepsSources: commandPositions !== undefined,
    });
    const positions = sources?.map((command) => commandPositions?.[commands.indexOf(command)]);
    const isCompared = localCommands === undefined ? undefined : events.map((event) => !isLocalActivityMarker(event));
    const { divergence, drift } = compareWithHistory(
      isCompared === undefined ? events : events.filter((_, index) => isCompared[index]),
      recorded,
      task.completed.eventId + 1,
      isCompared === undefined ? positions : positions?.filter((_, index) => isCompared[index]),
      this.decoded,
    );
    this.drift.push(...drift);
    if (localCommands !== undefined) {
      noteLocalCommands(this.#state, localCommands, this.#state.lastTaskAtMs);
    }
    const found = divergence ?? (task.localEnds.length === 0 ? undefined : this.#compareLocal(task));
    if (found !== undefined) {
      this.problem = { kind: 'divergence', divergence: found };
    }
  }

  /** Each marker must belong to a local activity that the code began. */
  #compareLocal({ localEnds }: RecordedTask): Divergence | undefined {
    for (const { event, end } of localEnds) {
      const { activityType, activityId, givenUp } = end.details.data;
      const begun = this.#state.extras?.localActivities?.get(end.seq)?.command.activityType;
      if (begun !== activityType && givenUp !== true) {
        const { eventType } = event;
        const produced = begun === undefined ? null : { eventType, activityType: begun, activityId };
        return { eventId: event.eventId, recorded: { eventType, activityType, activityId }, produced };
      }
    }
    closeLocalActivities(this.#state, localEnds.map(({ end }) => end));
    return undefined;
  }
}

/** A call of patched or deprecatePatch fits a history without its marker; a marker that says it is deprecated fits code without the call. */
function withoutFittingPatches({ commandEvents }: RecordedTask, commands: readonly WorkflowCommand[]): { effective: readonly WorkflowCommand[]; recorded: readonly HistoryEvent[] } {
  if (!commandEvents.some(isPatchMarker) && !commands.some(({ type }) => type === 'setPatchMarker')) {
    return { effective: commands, recorded: commandEvents };
  }
  const marked = new Set(commandEvents.flatMap((event) => (isPatchMarker(event) ? patchOf(event).id : [])));
  const called = new Set(commands.flatMap((command) => (command.type === 'setPatchMarker' ? command.patchId : [])));
  return {
    effective: commands.filter((command) => command.type !== 'setPatchMarker' || marked.has(command.patchId)),
    recorded: commandEvents.filter((event) => !isPatchMarker(event) || !patchOf(event).deprecated || called.has(patchOf(event).id)),
  };
}
