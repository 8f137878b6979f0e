import { isClosed, WorkflowAlreadyClosedError, type JsonValue } from '@backstitch/protocol';
import type { RunCallOrigin } from '../ports/run-messenger.js';
import { currentAttempt } from '../run/activity-attempts.js';
import { isOpen } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { beginRollback } from './begin-rollback.js';
import { cancelActivity } from './close-activity.js';
import { DONE, refused, type Answer } from './run-message.js';

export interface CancelRequest {
  reason?: string;
  identity?: string;
  /** Another run asks. */
  origin?: RunCallOrigin & { childWorkflowOnly?: boolean };
}

/** Asks a run to cancel itself. A second request changes nothing. */
export function applyCancel(turn: Turn, { reason, identity, origin }: CancelRequest): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    // A call that comes again may find that the run has ended on the first one.
    return origin !== undefined && state.cancelRequested ? DONE : refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (!state.cancelRequested) {
    turn.record('WORKFLOW_EXECUTION_CANCEL_REQUESTED', {
      ...(reason === undefined ? {} : { cause: reason }),
      ...(identity === undefined ? {} : { identity }),
      ...(origin === undefined ? {} : { externalWorkflowExecution: origin.sender, externalInitiatedEventId: origin.initiatedEventId }),
    });
  }
  return DONE;
}

export interface TerminateRequest {
  reason: string;
  identity?: string;
  details?: JsonValue[];
  /** A linked run undoes what this one did. The turn has the history then. */
  rollback?: boolean;
}

/** Ends a run without asking its code. */
export function applyTerminate(turn: Turn, { reason, identity, details, rollback }: TerminateRequest): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  // Nothing may follow TERMINATED.
  state.incidents.filter(isOpen).forEach((incident) => turn.resolveIncident(incident, { action: 'auto', reason: 'The workflow was terminated.', identity: 'backstitch' }));
  const linked = rollback === true ? beginRollback(turn, reason, identity) : undefined;
  turn.record('WORKFLOW_EXECUTION_TERMINATED', {
    reason,
    ...(identity === undefined ? {} : { identity }),
    ...(details === undefined ? {} : { details }),
    ...(rollback === true ? { rollback } : {}),
  });
  return { status: 'done', value: linked === undefined ? {} : { rollback: linked } };
}

/** Closes an activity whose cancellation was requested and whose attempt will not begin any more. */
export function applyCancelledBeforeStart(turn: Turn, scheduledEventId: number): Answer {
  const { state } = turn;
  const activity = state.openActivities.get(scheduledEventId);
  if (activity !== undefined && activity.cancelRequested && !isClosed(state.status)) {
    turn.resolveIncidentOf(activity, activity.header.undoOf === undefined ? 'The activity was cancelled.' : 'The undo was cancelled.');
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
  const { nextAttemptAtMs = 0, paused, running } = currentAttempt(activity);
  const waitsForItsTime = nextAttemptAtMs > turn.nowMs || (paused !== undefined && running === undefined);
  turn.cancelAttempt(activity, !waitsForItsTime);
  if (waitsForItsTime) {
    turn.cancelledBeforeStart.push(scheduledEventId);
  }
}
