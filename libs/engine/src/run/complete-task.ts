import type { ActivationResult, Activation, Failure, HistoryEvent, SearchAttributeDefinitions, SettledUndos } from '@backstitch/protocol';
import { summaryOf } from '../failures.js';
import { jsonBytes, sizedJson, type SizedJson } from '../json.js';
import { requestAttemptCancellation } from '../messages/apply-cancellation.js';
import { activationInfoOf, activationJobsOf, type ActivationExtras, type HistoryLimits, type UpdateRequest } from './activation.js';
import { callOtherRun, isChainEnd, recordChainEnd } from './chain-end.js';
import { commandEventsOf } from './command-events.js';
import { eventBytesOf } from './evolve.js';
import { settleLocalActivities, type LocalCommand } from './local-activities.js';
import type { LocalActivityEnd } from './run-extras.js';
import { noteSinkCalls } from './note-sink-calls.js';
import { identityOf, type RunState } from './run-state.js';
import type { Turn } from './turn.js';
import { InvalidCommandError, type UnplacedEvent } from './unplaced-event.js';

const NO_ATTRIBUTES = sizedJson({});

/** Attributes of WORKFLOW_TASK_STARTED. */
function taskStartedJson(scheduledEventId: number): SizedJson {
  return sizedJson({ scheduledEventId });
}

/** Time of a workflow task: workflow code never sees it go back, whatever the clock does. */
function taskTimeMs(turn: Turn): number {
  return Math.max(turn.nowMs, turn.state.lastTaskAtMs);
}

/** The activation for what workflow code has not seen yet. The events of its workflow task are appended only once it has succeeded. */
export function activationOf(turn: Turn, limits: HistoryLimits, extras?: ActivationExtras): Activation {
  const { state } = turn;
  const scheduledEventId = state.nextEventId;
  return {
    runId: state.runId,
    timestampMs: taskTimeMs(turn),
    info: activationInfoOf(
      state,
      { length: scheduledEventId + 1, sizeBytes: state.historySizeBytes + eventBytesOf(NO_ATTRIBUTES) + eventBytesOf(taskStartedJson(scheduledEventId)) },
      limits,
      false,
    ),
    jobs: activationJobsOf(state, extras),
  };
}

/** What a task needs to know beyond its result. */
export interface TaskContext {
  limits: HistoryLimits;
  definitions: SearchAttributeDefinitions;
  /** Updates that the code was told of. */
  updates?: ReadonlyMap<string, UpdateRequest>;
  localActivityEnds?: readonly LocalActivityEnd[];
  /** The run's history, where continue-as-new needs to look for undos. */
  history?: readonly HistoryEvent[];
}

/** Appends a workflow task that succeeded, and what its commands make; or opens the incident that holds the run. */
export function completeTask(turn: Turn, result: Extract<ActivationResult, { status: 'completed' }>, context: TaskContext): void {
  const { state } = turn;
  const { limits, definitions, updates, localActivityEnds } = context;
  let commandEvents: UnplacedEvent[];
  let localCommands: LocalCommand[] | undefined;
  let settledUndos: SettledUndos | undefined;
  try {
    // What WORKFLOW_TASK_COMPLETED changes in the state does not matter to the commands.
    ({ events: commandEvents, localCommands, settledUndos } = commandEventsOf(state, result.commands, state.nextEventId + 2, { definitions, updates, localActivityEnds }));
  } catch (error) {
    if (!(error instanceof InvalidCommandError)) {
      throw error;
    }
    failTask(turn, { message: error.message });
    return;
  }
  const jsons = commandEvents.map(({ attributes }) => sizedJson(attributes));
  if (!fits(state, jsons, settledUndos, limits)) {
    turn.openIncident({
      kind: 'HISTORY_LIMIT',
      message: `The history has ${state.nextEventId - 1} events and ${state.historySizeBytes} bytes; the next workflow task would pass the limit of ${limits.eventsMax} events or ${limits.bytesMax} bytes`,
    });
    return;
  }
  const wasLong = isLong(state, limits);
  const timeMs = taskTimeMs(turn);
  const scheduledEventId = turn.record('WORKFLOW_TASK_SCHEDULED', {}, timeMs, NO_ATTRIBUTES);
  const startedEventId = turn.record('WORKFLOW_TASK_STARTED', { scheduledEventId }, timeMs, taskStartedJson(scheduledEventId));
  const buildId = turn.settings.versioning?.buildId;
  // Recorded where it changed: most tasks say nothing of it.
  const completed = buildId === undefined || buildId === state.buildId ? { scheduledEventId, startedEventId } : { scheduledEventId, startedEventId, buildId };
  turn.record('WORKFLOW_TASK_COMPLETED', settledUndos === undefined ? completed : { ...completed, settledUndos }, timeMs);
  if (state.extras !== undefined || localCommands !== undefined) {
    settleLocalActivities(turn, localCommands, localActivityEnds, timeMs);
  }
  const scheduled: number[] = [];
  for (let index = 0; index < commandEvents.length; index += 1) {
    const event = commandEvents[index] as UnplacedEvent;
    const { eventType, attributes } = event;
    if (isChainEnd(event)) {
      recordChainEnd(turn, event, timeMs, context.history ?? [], result.commands);
      continue;
    }
    const eventId = turn.record(eventType, attributes, timeMs, jsons[index]);
    if (eventType === 'ACTIVITY_TASK_SCHEDULED') {
      scheduled.push(eventId);
    } else if (eventType === 'ACTIVITY_TASK_CANCEL_REQUESTED') {
      if (!scheduled.includes(attributes.scheduledEventId)) {
        requestAttemptCancellation(turn, attributes.scheduledEventId);
      }
    } else {
      callOtherRun(turn, eventId, eventType);
    }
  }
  if (result.sinkCalls !== undefined) {
    noteSinkCalls(turn, result.sinkCalls, false);
  }
  result.logs.forEach((entry) => turn.facts.push((observer) => observer.workflowLog?.({ ...identityOf(state), entry })));
  if (!wasLong && isLong(state, limits)) {
    const fact = { ...identityOf(state), historyEvents: state.nextEventId - 1, historySizeBytes: state.historySizeBytes };
    turn.facts.push((observer) => observer.historyLong?.(fact));
  }
  if (state.status === 'RUNNING') {
    dispatchScheduled(turn, scheduled);
  }
}

/** A fault of the workflow's code, not a failure of the workflow: the run is held, and what it was to be told stays in its history. */
export function failTask(turn: Turn, failure: Failure): void {
  turn.openIncident({ kind: 'WORKFLOW_TASK_FAILED', message: `A workflow task failed: ${summaryOf(failure).message}`, failure: summaryOf(failure) });
}

function dispatchScheduled(turn: Turn, scheduled: readonly number[]): void {
  for (const scheduledEventId of scheduled) {
    const activity = turn.state.openActivities.get(scheduledEventId);
    if (activity?.cancelRequested === true) {
      turn.cancelledBeforeStart.push(scheduledEventId);
    } else if (activity !== undefined) {
      turn.dispatch(activity, 0);
    }
  }
}

function isLong(state: RunState, limits: HistoryLimits): boolean {
  return state.nextEventId > limits.eventsWarn || state.historySizeBytes >= limits.bytesWarn;
}

/** Events and bytes of the workflow task itself: scheduled, started, completed. */
const TASK_EVENTS = 3;
const TASK_BYTES = 300;

function fits(state: RunState, commandEvents: readonly SizedJson[], settledUndos: SettledUndos | undefined, limits: HistoryLimits): boolean {
  const events = state.nextEventId - 1 + TASK_EVENTS + commandEvents.length;
  const bytes = state.historySizeBytes + TASK_BYTES + (settledUndos === undefined ? 0 : jsonBytes(settledUndos)) + commandEvents.reduce((sum, json) => sum + eventBytesOf(json), 0);
  return events <= limits.eventsMax && bytes <= limits.bytesMax;
}
