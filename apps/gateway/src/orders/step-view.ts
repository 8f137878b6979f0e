import type { ActivityDescription, Failure, Incident } from '@backstitch/protocol';

export interface FailureView {
  type: string;
  message: string;
}

/** One step or undo, as a customer's clerk wants to see it. Times are ISO 8601 in UTC. */
export interface StepView {
  name: string;
  status: ActivityDescription['status'];
  attempt: number;
  attemptsMax: number | null;
  scheduledAt: string;
  startedAt: string | null;
  endedAt: string | null;
  nextAttemptAt: string | null;
  lastFailure: FailureView | null;
  failedAttempts: { attempt: number; startedAt: string; endedAt: string; failure: FailureView }[];
}

export interface UndoView extends StepView {
  /** Name of the step that it takes back. */
  undoes: string;
}

export interface IncidentView {
  incidentNumber: number;
  kind: Incident['kind'];
  openedAt: string;
  message: string;
  resolution: { action: string; reason: string; resolvedAt: string } | null;
}

export function stepViews(activities: readonly ActivityDescription[]): { steps: StepView[]; undos: UndoView[] } {
  const nameOf = new Map(activities.map((activity) => [activity.scheduledEventId, activity.activityType]));
  const steps: StepView[] = [];
  const undos: UndoView[] = [];
  for (const activity of activities) {
    if (activity.undoOf === undefined) steps.push(stepView(activity));
    else undos.push({ ...stepView(activity), undoes: nameOf.get(activity.undoOf.scheduledEventId) ?? 'unknown' });
  }
  return { steps, undos };
}

export function incidentView(incident: Incident): IncidentView {
  const { resolution } = incident;
  return {
    incidentNumber: incident.incidentNumber,
    kind: incident.kind,
    openedAt: isoTime(incident.openedAtMs),
    message: incident.message,
    resolution: resolution === undefined ? null : { action: resolution.action, reason: resolution.reason, resolvedAt: isoTime(resolution.resolvedAtMs) },
  };
}

export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** The cause at the bottom, without its stack trace. */
export function failureView(failure: Failure): FailureView {
  let root = failure;
  while (root.cause !== undefined) root = root.cause;
  return { type: root.applicationFailureInfo?.type ?? (root.timeoutFailureInfo === undefined ? 'Failure' : `Timeout ${root.timeoutFailureInfo.timeoutType}`), message: root.message };
}

function stepView(activity: ActivityDescription): StepView {
  const optionalTime = (timeMs: number | undefined): string | null => (timeMs === undefined ? null : isoTime(timeMs));
  return {
    name: activity.activityType,
    status: activity.status,
    attempt: activity.attempt,
    attemptsMax: activity.options.maximumAttempts === 0 ? null : activity.options.maximumAttempts,
    scheduledAt: isoTime(activity.scheduledAtMs),
    startedAt: optionalTime(activity.startedAtMs),
    endedAt: optionalTime(activity.closedAtMs),
    nextAttemptAt: optionalTime(activity.nextAttemptAtMs),
    lastFailure: activity.lastFailure === undefined ? null : failureView(activity.lastFailure),
    failedAttempts: (activity.attempts ?? []).map((attempt) => ({
      attempt: attempt.attempt,
      startedAt: isoTime(attempt.startedAtMs),
      endedAt: isoTime(attempt.finishedAtMs),
      failure: failureView(attempt.failure),
    })),
  };
}
