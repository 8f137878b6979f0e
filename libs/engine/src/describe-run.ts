import type { ActivityDescription, HistoryEvent, WorkflowDescription } from '@backstitch/protocol';
import { describeRelations } from './describe-relations.js';
import type { AttemptRecord, StoredRun } from './ports/history-store.js';
import { stepKeyOf } from './run/activity-attempts.js';
import type { RunExtras } from './run/run-extras.js';
import { runStateOf, type OpenActivity } from './run/run-state.js';

/**
 * What there is to be told of a run: each activity with its times and attempts, open timers, incidents. Pure.
 * @param nowMs decides whether a next attempt lies ahead
 * @param known what is known of a run in memory and does not stand in its history
 */
export function describeRun(stored: StoredRun, nowMs: number, { drift, currentDetails }: Pick<RunExtras, 'drift' | 'currentDetails'> = {}): WorkflowDescription {
  const { record, events, incidents } = stored;
  const state = runStateOf(stored);
  const started = events[0];
  const activities = new Map<number, ActivityDescription>();
  for (const event of events) {
    describeEvent(activities, event);
  }
  for (const known of state.activities.values()) {
    const description = activities.get(known.scheduledEventId);
    if (description !== undefined) {
      description.key = description.key === '' ? stepKeyOf(state, known.scheduledEventId) : description.key;
    }
  }
  for (const activity of state.openActivities.values()) {
    const description = activities.get(activity.scheduledEventId);
    if (description !== undefined && record.status === 'RUNNING') {
      Object.assign(description, openPart(stored, activity, nowMs));
    }
  }
  return {
    workflowId: record.workflowId,
    runId: record.runId,
    workflowType: record.workflowType,
    status: record.status,
    startedAtMs: record.startedAtMs,
    closedAtMs: record.closedAtMs,
    searchAttributes: record.searchAttributes,
    memo: record.memo,
    openIncidents: record.openIncidents,
    input: started?.eventType === 'WORKFLOW_EXECUTION_STARTED' ? started.attributes.input : [],
    result: record.result,
    failure: record.failure,
    cancelRequested: state.cancelRequested,
    activities: [...activities.values()],
    timers:
      record.status === 'RUNNING'
        ? [...state.openTimers.values()].map(({ timerId, startedEventId, firesAtMs }) => ({
            timerId,
            startedAtMs: events[startedEventId - 1]?.eventTimeMs ?? record.startedAtMs,
            firesAtMs,
          }))
        : [],
    incidents: [...incidents].sort((a, b) => a.incidentNumber - b.incidentNumber),
    historyEvents: record.nextEventId - 1,
    historySizeBytes: record.historySizeBytes,
    taskQueue: state.taskQueue,
    ...(state.buildId === undefined ? {} : { buildId: state.buildId }),
    ...describeRelations(state, events),
    ...(drift === undefined || drift.length === 0 ? {} : { drift }),
    ...(currentDetails === undefined ? {} : { currentDetails }),
  };
}

function describeEvent(activities: Map<number, ActivityDescription>, event: HistoryEvent): void {
  if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') {
    activities.set(event.eventId, scheduledPart(activities, event));
    return;
  }
  const description = 'scheduledEventId' in event.attributes ? activities.get(event.attributes.scheduledEventId) : undefined;
  if (description === undefined) {
    return;
  }
  switch (event.eventType) {
    case 'ACTIVITY_TASK_STARTED':
      description.startedAtMs = event.eventTimeMs;
      description.attempt = event.attributes.attempt;
      description.lastFailure = event.attributes.lastFailure;
      return;
    case 'ACTIVITY_TASK_COMPLETED':
      Object.assign(description, { status: 'COMPLETED', closedAtMs: event.eventTimeMs, result: event.attributes.result });
      return;
    case 'ACTIVITY_TASK_FAILED':
      Object.assign(description, { status: 'FAILED', closedAtMs: event.eventTimeMs, lastFailure: event.attributes.failure });
      return;
    case 'ACTIVITY_TASK_TIMED_OUT':
      Object.assign(description, { status: 'TIMED_OUT', closedAtMs: event.eventTimeMs, lastFailure: event.attributes.failure });
      return;
    case 'ACTIVITY_TASK_CANCEL_REQUESTED':
      description.status = 'CANCEL_REQUESTED';
      return;
    case 'ACTIVITY_TASK_CANCELED':
      Object.assign(description, { status: 'CANCELED', closedAtMs: event.eventTimeMs });
      return;
    default:
      return;
  }
}

function scheduledPart(activities: ReadonlyMap<number, ActivityDescription>, event: HistoryEvent<'ACTIVITY_TASK_SCHEDULED'>): ActivityDescription {
  const { activityId, activityType, header, taskQueue, retryPolicy, startToCloseTimeoutMs } = event.attributes;
  const step = header?.undoOf === undefined ? undefined : activities.get(header.undoOf.scheduledEventId);
  return {
    activityId,
    scheduledEventId: event.eventId,
    activityType,
    // Filled in once the whole history is read, unless it is another run's.
    key: header?.key ?? '',
    status: 'SCHEDULED',
    scheduledAtMs: event.eventTimeMs,
    attempt: 1,
    options: { taskQueue, maximumAttempts: retryPolicy.maximumAttempts, startToCloseTimeoutMs },
    ...(header?.undo === undefined ? {} : { undo: { activityType: header.undo.activityType, taskQueue: header.undo.taskQueue } }),
    ...(step === undefined ? undoneElsewhere(header) : { undoOf: { activityId: step.activityId, scheduledEventId: step.scheduledEventId } }),
  };
}

/** An undo whose step is an earlier run's. */
function undoneElsewhere(header: HistoryEvent<'ACTIVITY_TASK_SCHEDULED'>['attributes']['header']): Pick<ActivityDescription, 'undoOf'> {
  const { stepKey, stepActivityType } = header?.undoOf ?? {};
  return stepKey === undefined ? {} : { undoOf: { activityId: '', scheduledEventId: 0, key: stepKey, activityType: stepActivityType } };
}

function openPart({ incidents }: StoredRun, activity: OpenActivity, nowMs: number): Partial<ActivityDescription> {
  const { attempts } = activity;
  const waitsForPerson = incidents.some(
    ({ kind, scheduledEventId, resolution }) => kind === 'UNDO_FAILED' && resolution === undefined && scheduledEventId === activity.scheduledEventId,
  );
  return { status: statusOf(activity, waitsForPerson, nowMs), ...(attempts === undefined ? {} : attemptsPart(attempts)) };
}

function statusOf(activity: OpenActivity, waitsForPerson: boolean, nowMs: number): ActivityDescription['status'] {
  if (waitsForPerson) {
    return 'INCIDENT';
  }
  if (activity.cancelRequested) {
    return 'CANCEL_REQUESTED';
  }
  return (activity.attempts?.nextAttemptAtMs ?? 0) > nowMs ? 'BACKING_OFF' : 'SCHEDULED';
}

function attemptsPart({ attempt, dispatch, lastFailure, lastStartedAtMs, nextAttemptAtMs, failedAttempts, running, heartbeatDetails, paused }: AttemptRecord): Partial<ActivityDescription> {
  return {
    attempt,
    ...(dispatch === 1 ? {} : { dispatch }),
    lastFailure,
    startedAtMs: running?.startedAtMs ?? lastStartedAtMs,
    nextAttemptAtMs,
    attempts: failedAttempts,
    ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
    ...(paused === undefined ? {} : { paused: true }),
    ...(running === undefined
      ? {}
      : { lastHeartbeatAtMs: running.heardFromAtMs, identity: running.identity, ...(running.completesOutside === true ? { completesOutside: true } : {}) }),
  };
}
