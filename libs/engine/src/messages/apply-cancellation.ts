import { isClosed, WorkflowAlreadyClosedError } from '@backstitch/protocol';
import { currentAttempt } from '../run/activity-attempts.js';
import { isOpen } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { cancelActivity } from './close-activity.js';
import { DONE, refused, type Answer } from './run-message.js';

/** Asks a run to cancel itself. A second request changes nothing. */
export function applyCancel(turn: Turn, reason: string | undefined, identity: string | undefined): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (!state.cancelRequested) {
    turn.record('WORKFLOW_EXECUTION_CANCEL_REQUESTED', {
      ...(reason === undefined ? {} : { cause: reason }),
      ...(identity === undefined ? {} : { identity }),
    });
  }
  return DONE;
}

/** Ends a run without asking its code. */
export function applyTerminate(turn: Turn, reason: string, identity: string | undefined): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  // Nothing may follow TERMINATED.
  state.incidents.filter(isOpen).forEach((incident) => turn.resolveIncident(incident, { action: 'auto', reason: 'The workflow was terminated.', identity: 'backstitch' }));
  turn.record('WORKFLOW_EXECUTION_TERMINATED', { reason, ...(identity === undefined ? {} : { identity }) });
  return DONE;
}

/** Closes an activity whose cancellation was requested and whose attempt will not begin any more. */
export function applyCancelledBeforeStart(turn: Turn, scheduledEventId: number): Answer {
  const { state } = turn;
  const activity = state.openActivities.get(scheduledEventId);
  if (activity !== undefined && activity.cancelRequested && !isClosed(state.status)) {
    turn.resolveIncidentOf(activity, 'The undo was cancelled.');
    cancelActivity(turn, activity, undefined, undefined);
  }
  return DONE;
}

/** What follows once ACTIVITY_TASK_CANCEL_REQUESTED stands in the history: the attempt is taken off its queue, or its worker is told. */
export function requestAttemptCancellation(turn: Turn, scheduledEventId: number): void {
  const activity = turn.state.openActivities.get(scheduledEventId);
  if (activity === undefined) {
    return;
  }
  const isBackingOff = (currentAttempt(activity).nextAttemptAtMs ?? 0) > turn.nowMs;
  turn.cancelAttempt(activity, !isBackingOff);
  if (isBackingOff) {
    turn.cancelledBeforeStart.push(scheduledEventId);
  }
}
