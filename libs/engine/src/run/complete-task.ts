import type { ActivationResult, Activation, Failure, SearchAttributeDefinitions } from '@backstitch/protocol';
import { summaryOf } from '../failures.js';
import { sizedJson, type SizedJson } from '../json.js';
import { requestAttemptCancellation } from '../messages/apply-cancellation.js';
import { activationInfoOf, activationJobsOf, type HistoryLimits } from './activation.js';
import { commandEventsOf, InvalidCommandError, type UnplacedEvent } from './command-events.js';
import { eventBytesOf } from './evolve.js';
import { identityOf, type RunState } from './run-state.js';
import type { Turn } from './turn.js';

const NO_ATTRIBUTES = sizedJson({});

/** Attributes of WORKFLOW_TASK_STARTED. */
function taskStartedJson(scheduledEventId: number): SizedJson {
  const text = `{"scheduledEventId":${scheduledEventId}}`;
  return { text, bytes: text.length };
}

/** Time of a workflow task: workflow code never sees it go back, whatever the clock does. */
function taskTimeMs(turn: Turn): number {
  return Math.max(turn.nowMs, turn.state.lastTaskAtMs);
}

/** The activation for what workflow code has not seen yet. The events of its workflow task are appended only once it has succeeded. */
export function activationOf(turn: Turn, limits: HistoryLimits): Activation {
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
    jobs: activationJobsOf(state.unhandled),
  };
}

/** Appends a workflow task that succeeded, and what its commands make; or opens the incident that holds the run. */
export function completeTask(
  turn: Turn,
  result: Extract<ActivationResult, { status: 'completed' }>,
  limits: HistoryLimits,
  definitions: SearchAttributeDefinitions,
): void {
  const { state } = turn;
  let commandEvents: UnplacedEvent[];
  try {
    // What WORKFLOW_TASK_COMPLETED changes in the state does not matter to the commands.
    commandEvents = commandEventsOf(state, result.commands, state.nextEventId + 2, definitions);
  } catch (error) {
    if (!(error instanceof InvalidCommandError)) {
      throw error;
    }
    failTask(turn, { message: error.message });
    return;
  }
  const jsons = commandEvents.map(({ attributes }) => sizedJson(attributes));
  if (!fits(state, jsons, limits)) {
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
  turn.record('WORKFLOW_TASK_COMPLETED', { scheduledEventId, startedEventId }, timeMs);
  const scheduled: number[] = [];
  for (const [index, { eventType, attributes }] of commandEvents.entries()) {
    const eventId = turn.record(eventType, attributes, timeMs, jsons[index]);
    if (eventType === 'ACTIVITY_TASK_SCHEDULED') {
      scheduled.push(eventId);
    } else if (eventType === 'ACTIVITY_TASK_CANCEL_REQUESTED' && !scheduled.includes(attributes.scheduledEventId)) {
      requestAttemptCancellation(turn, attributes.scheduledEventId);
    }
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

function fits(state: RunState, commandEvents: readonly SizedJson[], limits: HistoryLimits): boolean {
  const events = state.nextEventId - 1 + TASK_EVENTS + commandEvents.length;
  const bytes = state.historySizeBytes + TASK_BYTES + commandEvents.reduce((sum, json) => sum + eventBytesOf(json), 0);
  return events <= limits.eventsMax && bytes <= limits.bytesMax;
}
