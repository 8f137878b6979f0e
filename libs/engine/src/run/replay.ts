import { PATCH_MARKER, type Activation, type ActivationResult, type Failure, type HistoryEvent, type IncidentDivergence, type PatchMarkerDetails, type WorkflowCommand } from '@backstitch/protocol';
import { plainFailure } from '../failures.js';
import type { StoredRun } from '../ports/history-store.js';
import { activationInfoOf, activationJobsOf, doUpdateOf, type ActivationExtras, type HistoryLimits, type UpdateRequest } from './activation.js';
import { commandEventsOf } from './command-events.js';
import { compareWithHistory, type Divergence } from './divergence.js';
import { evolve, isCommandEvent } from './evolve.js';
import { closeLocalActivities, endOfMarker, isLocalActivityMarker, noteLocalCommands } from './local-activities.js';
import type { LocalActivity, LocalActivityEnd } from './run-extras.js';
import { emptyRunState, type RunState } from './run-state.js';
import { InvalidCommandError, type UnplacedEvent } from './unplaced-event.js';

const RESTARTS_MAX = 5;
const NOTHING_DECODED: ReadonlyMap<number, never> = new Map<number, never>();

/** Why a run could not be brought back. */
export type ReplayProblem = { kind: 'divergence'; divergence: Divergence } | { kind: 'taskFailed'; failure: Failure };

/** What the history says of the task that is replayed, besides what happened before it. */
interface RecordedTask {
  completed: HistoryEvent<'WORKFLOW_TASK_COMPLETED'>;
  /** Events that its commands made, local activities' markers aside. */
  commandEvents: HistoryEvent[];
  localEnds: { event: HistoryEvent<'MARKER_RECORDED'>; end: LocalActivityEnd }[];
  updates?: Map<string, UpdateRequest>;
}

/**
 * Brings a run back in the sandbox, one recorded workflow task after another.
 *
 * States: at a task (`next` gives its activation) → awaiting its result (`accept`) → at a task … → at the end (`next` gives undefined) or at a
 * problem (`problem` is set, `next` gives undefined).
 */
export class Replay {
  #state: RunState;
  readonly #events: readonly HistoryEvent[];
  #position = 0;
  #restarts = 0;
  #task: RecordedTask | undefined;
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
  }

  /** Events whose input or options the code now gives otherwise. */
  get driftedEventIds(): number[] {
    return this.drift.map(({ eventId }) => eventId);
  }

  /** Local activities that the code began and the history does not close. */
  get localActivities(): ReadonlyMap<number, LocalActivity> | undefined {
    return this.#state.extras?.localActivities;
  }

  /** The activation of the next recorded task; undefined when there is none left or a problem was found. */
  next(): Activation | undefined {
    while (this.problem === undefined) {
      const event = this.#events[this.#position];
      if (event === undefined) {
        return undefined;
      }
      this.#position += 1;
      evolve(this.#state, event);
      // A task that was started and never completed is none: a reset cut it off, and its work is done by the next.
      if (event.eventType === 'WORKFLOW_TASK_STARTED' && this.#events[this.#position]?.eventType !== 'WORKFLOW_TASK_FAILED') {
        const activation = this.#activation(event);
        if (activation !== undefined) {
          return activation;
        }
      }
    }
    return undefined;
  }

  /** Compares what the task came to with what is recorded, and moves on to the next. */
  accept(result: ActivationResult): void {
    switch (result.status) {
      case 'completed':
        this.#compare(result);
        return;
      case 'taskFailed':
        this.problem = { kind: 'taskFailed', failure: result.failure };
        return;
      case 'unknownRun':
        this.#restart();
        return;
      default: {
        const never: never = result;
        return never;
      }
    }
  }

  /** Another run of the same sandbox call can take this one with it: begin again. */
  #restart(): void {
    this.#restarts += 1;
    if (this.#restarts > RESTARTS_MAX) {
      this.problem = { kind: 'taskFailed', failure: plainFailure('The sandbox keeps losing the run while it is replayed') };
    }
    this.#state = emptyRunState(this.#state);
    this.#position = 0;
    this.drift.length = 0;
  }

  #activation(started: HistoryEvent<'WORKFLOW_TASK_STARTED'>): Activation | undefined {
    const completed = this.#events[this.#position];
    if (completed?.eventType !== 'WORKFLOW_TASK_COMPLETED') {
      this.problem = { kind: 'taskFailed', failure: plainFailure(`Event ${this.#position + 1} of the history should complete a workflow task`) };
      return undefined;
    }
    this.#task = { completed, commandEvents: [], localEnds: [] };
    const extras = this.#lookAhead(this.#task);
    const info = activationInfoOf(this.#state, { length: started.eventId, sizeBytes: this.#state.historySizeBytes }, this.limits, true);
    return {
      runId: this.#state.runId,
      timestampMs: started.eventTimeMs,
      info: this.tracesCalls ? { ...info, tracesCalls: true } : info,
      jobs: activationJobsOf(this.#state, extras),
    };
  }

  /** Reads the events that the task's commands made. What of them the code must know beforehand is answered. */
  #lookAhead(task: RecordedTask): ActivationExtras | undefined {
    let patchIds: string[] | undefined;
    for (let position = this.#position + 1; position < this.#events.length; position += 1) {
      const event = this.#events[position];
      if (event === undefined || !isCommandEvent(event)) {
        break;
      }
      if (event.eventType === 'MARKER_RECORDED' && isLocalActivityMarker(event)) {
        task.localEnds.push({ event, end: endOfMarker(event) });
        continue;
      }
      task.commandEvents.push(event);
      if (isPatchMarker(event)) {
        (patchIds ??= []).push(patchOf(event).id);
      } else if (event.eventType === 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED') {
        const { acceptedRequest } = event.attributes;
        (task.updates ??= new Map<string, UpdateRequest>()).set(acceptedRequest.meta.updateId, acceptedRequest);
      }
    }
    if (patchIds === undefined && task.updates === undefined && task.localEnds.length === 0) {
      return undefined;
    }
    return {
      patchIds,
      updates: [...(task.updates?.values() ?? [])].map((request) => doUpdateOf(request, false)),
      // Those that the workflow did not wait for were settled when it cancelled them.
      localActivityEnds: task.localEnds.flatMap(({ end }) => (end.details.data.givenUp === true ? [] : end)),
    };
  }

  #compare(result: Extract<ActivationResult, { status: 'completed' }>): void {
    const task = this.#task as RecordedTask;
    const { completed } = task;
    this.#position += 1 + task.commandEvents.length + task.localEnds.length;
    evolve(this.#state, completed);
    try {
      this.#compareCommands(task, result);
    } catch (error) {
      if (!(error instanceof InvalidCommandError)) {
        throw error;
      }
      this.problem = { kind: 'taskFailed', failure: { message: error.message } };
    }
    // What was recorded is in force, whatever the code says today.
    task.localEnds.forEach(({ event }) => evolve(this.#state, event));
    task.commandEvents.forEach((event) => evolve(this.#state, event));
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

function isPatchMarker<E extends UnplacedEvent>(event: E): event is E & UnplacedEvent<'MARKER_RECORDED'> {
  return event.eventType === 'MARKER_RECORDED' && event.attributes.markerName === PATCH_MARKER;
}

function patchOf({ attributes }: UnplacedEvent<'MARKER_RECORDED'>): { id: string; deprecated: boolean } {
  return (attributes.details as unknown as PatchMarkerDetails)['patch-data'];
}
