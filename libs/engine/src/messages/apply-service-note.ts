import { isClosed } from '@backstitch/protocol';
import { currentAttempt } from '../run/activity-attempts.js';
import { pinnedBuildOf, servingBuild } from '../run/builds.js';
import { isOpen, openIncidentOf } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import type { ServiceNote } from '../service-note.js';

/** Opens an incident of what nobody serves, or resolves it. Nothing changes where the run has moved on, or where it was said before. */
export function applyServiceNote(turn: Turn, note: ServiceNote): void {
  const { state } = turn;
  if (isClosed(state.status)) {
    return;
  }
  switch (note.type) {
    case 'queueNotServed':
      queueNotServed(turn, note);
      return;
    case 'queueServed': {
      const activity = state.openActivities.get(note.scheduledEventId);
      if (activity !== undefined) {
        turn.resolveIncidentOf(activity, 'The queue is served again.', 'QUEUE_NOT_SERVED');
      }
      return;
    }
    case 'buildNotServed':
      if (servingBuild(state, turn.settings.versioning) === note.buildId && !state.incidents.some((incident) => incident.kind === 'BUILD_NOT_SERVED' && isOpen(incident))) {
        turn.openIncident({ kind: 'BUILD_NOT_SERVED', message: `No replica has run build "${note.buildId}" for ${seconds(turn, note.sinceMs)}; ${pinnedBuildOf(state) === undefined ? 'it was set as the current one' : 'the run is pinned to it'}, and something is due` });
      }
      return;
    case 'buildServed':
      state.incidents
        .filter((incident) => incident.kind === 'BUILD_NOT_SERVED' && isOpen(incident))
        .forEach((incident) => turn.resolveIncident(incident, { action: 'auto', reason: 'A replica runs the build again.', identity: 'backstitch' }));
      return;
    default: {
      const never: never = note;
      return never;
    }
  }
}

function queueNotServed(turn: Turn, { scheduledEventId, attempt, sinceMs }: Extract<ServiceNote, { type: 'queueNotServed' }>): void {
  const { state } = turn;
  const activity = state.openActivities.get(scheduledEventId);
  if (activity === undefined || activity.cancelRequested || state.extras?.paused !== undefined) {
    return;
  }
  const attempts = currentAttempt(activity);
  const isWaiting = attempts.attempt === attempt && attempts.running === undefined && attempts.paused === undefined;
  const isKnown = openIncidentOf(state, scheduledEventId, 'QUEUE_NOT_SERVED') !== undefined || openIncidentOf(state, scheduledEventId, 'UNDO_FAILED') !== undefined;
  if (isWaiting && !isKnown) {
    const { taskQueue } = activity.options;
    turn.openIncident({
      kind: 'QUEUE_NOT_SERVED',
      message: `No worker has served queue "${taskQueue}" for ${seconds(turn, sinceMs)}; "${activity.activityType}" waits there`,
      scheduledEventId,
    });
  }
}

function seconds({ nowMs }: Turn, sinceMs: number): string {
  return `${Math.max(0, Math.round((nowMs - sinceMs) / 1_000))} seconds`;
}
