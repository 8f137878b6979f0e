import {
  LOCAL_ACTIVITY_MARKER,
  type Failure,
  type HistoryEvent,
  type JsonObject,
  type LocalActivityMarkerDetails,
  type LocalActivityResolution,
  type RetryState,
  type WorkflowCommand,
} from '@backstitch/protocol';
import { extrasOf, type LocalActivity, type LocalActivityEnd } from './run-extras.js';
import type { RunState } from './run-state.js';
import type { Turn } from './turn.js';
import type { UnplacedEvent } from './unplaced-event.js';

export type LocalCommand = Extract<WorkflowCommand, { type: 'scheduleLocalActivity' | 'requestCancelLocalActivity' }>;

/** The marker that records how a local activity ended. */
export function localActivityMarker({ details, resolution, lastFailure }: Omit<LocalActivityEnd, 'seq'>, workflowTaskCompletedEventId: number): UnplacedEvent {
  const failure = 'failure' in resolution ? resolution.failure : lastFailure;
  return {
    eventType: 'MARKER_RECORDED',
    attributes: {
      markerName: LOCAL_ACTIVITY_MARKER,
      details: details as unknown as JsonObject,
      ...(failure === undefined ? {} : { failure }),
      workflowTaskCompletedEventId,
    },
  };
}

/**
 * The marker of a local activity that the workflow does not wait for any more (TRY_CANCEL, ABANDON): it stands where it was cancelled.
 * Undefined for one that is waited for, or has ended.
 */
export function canceledLocalActivityMarker(
  state: RunState,
  localCommands: readonly LocalCommand[],
  seq: number,
  workflowTaskCompletedEventId: number,
): UnplacedEvent | undefined {
  const scheduled = localCommands.find((command) => command.type === 'scheduleLocalActivity' && command.seq === seq);
  const command = scheduled?.type === 'scheduleLocalActivity' ? scheduled : state.extras?.localActivities?.get(seq)?.command;
  if (command === undefined || command.options.cancellationType === 'WAIT_CANCELLATION_COMPLETED') {
    return undefined;
  }
  const { activityType } = command;
  const failure = localActivityFailure({ seq, activityType }, 'canceled', { message: 'Activity canceled', canceledFailureInfo: {} });
  const timeMs = state.lastTaskAtMs;
  const details = markerDetails({ seq, activityType, attempt: command.attempt ?? 1, completeTimeMs: timeMs, originalScheduleTimeMs: command.originalScheduleTimeMs ?? timeMs, givenUp: true });
  return localActivityMarker({ details, resolution: { status: 'canceled', failure } }, workflowTaskCompletedEventId);
}

export function markerDetails(data: Omit<LocalActivityMarkerDetails['data'], 'activityId'>): LocalActivityMarkerDetails {
  return { data: { ...data, activityId: String(data.seq) } };
}

/** What workflow code gets of a local activity that did not succeed. */
export function localActivityFailure({ seq, activityType }: { seq: number; activityType: string }, kind: 'failed' | 'canceled', cause: Failure, retryState: RetryState = kind === 'canceled' ? 'CANCEL_REQUESTED' : 'NON_RETRYABLE_FAILURE'): Failure {
  return {
    message: kind === 'failed' ? 'Activity task failed' : 'Activity task canceled',
    cause,
    activityFailureInfo: { scheduledEventId: 0, activityType, activityId: String(seq), retryState },
  };
}

/** What a marker says of a local activity's end. */
export function endOfMarker({ attributes }: HistoryEvent<'MARKER_RECORDED'>): LocalActivityEnd {
  const details = attributes.details as unknown as LocalActivityMarkerDetails;
  const { failure } = attributes;
  const { attempt, backoffMs, originalScheduleTimeMs } = details.data;
  const ended: LocalActivityResolution =
    failure === undefined
      ? { status: 'completed', result: details.result ?? null }
      : { status: failure.cause?.canceledFailureInfo === undefined ? 'failed' : 'canceled', failure };
  const resolution: LocalActivityResolution = backoffMs === undefined ? ended : { status: 'backoff', attempt: attempt + 1, delayMs: backoffMs, originalScheduleTimeMs };
  return { seq: details.data.seq, details, resolution };
}

export function isLocalActivityMarker(event: UnplacedEvent): boolean {
  return event.eventType === 'MARKER_RECORDED' && event.attributes.markerName === LOCAL_ACTIVITY_MARKER;
}

/** Local activities that the code began and no marker has closed yet; those which a task scheduled are added, in order. */
export function noteLocalCommands(state: RunState, localCommands: readonly LocalCommand[], scheduledAtMs: number): void {
  const extras = extrasOf(state);
  const local = (extras.localActivities ??= new Map<number, LocalActivity>());
  for (const command of localCommands) {
    if (command.type === 'scheduleLocalActivity') {
      local.set(command.seq, { command, scheduledAtMs: command.originalScheduleTimeMs ?? scheduledAtMs });
    } else {
      const canceled = local.get(command.seq);
      if (canceled?.command.options.cancellationType === 'WAIT_CANCELLATION_COMPLETED') {
        canceled.cancelRequested = true;
      } else {
        local.delete(command.seq);
      }
    }
  }
}

/** What a workflow task changes in a run's local activities. What is to be begun or given up follows the commit. */
export function settleLocalActivities(turn: Turn, localCommands: LocalCommand[] | undefined, ends: readonly LocalActivityEnd[] | undefined, timeMs: number): void {
  if (ends !== undefined) {
    closeLocalActivities(turn.state, ends);
    extrasOf(turn.state).localActivityEnds = undefined;
  }
  if (localCommands !== undefined) {
    noteLocalCommands(turn.state, localCommands, timeMs);
    turn.localCommands = [...(turn.localCommands ?? []), ...localCommands];
  }
}

/** The code was told how these ended. */
export function closeLocalActivities(state: RunState, ends: readonly LocalActivityEnd[]): void {
  ends.forEach(({ seq }) => state.extras?.localActivities?.delete(seq));
}
