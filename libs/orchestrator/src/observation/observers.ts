import type { EngineObserver, RunIdentity } from '@backstitch/engine';
import { traceIdOf } from '@backstitch/protocol';
import type { OrchestratorLogger } from './logger.js';

/** One observer that tells each fact to all. */
export function combineObservers(observers: readonly EngineObserver[]): EngineObserver {
  const tellAll =
    <K extends keyof EngineObserver>(name: K): NonNullable<EngineObserver[K]> =>
    // All methods of an observer take one fact and answer nothing.
    ((fact: never) => observers.forEach((observer) => (observer[name] as ((fact: never) => void) | undefined)?.(fact))) as NonNullable<EngineObserver[K]>;
  return {
    workflowStarted: tellAll('workflowStarted'),
    workflowClosed: tellAll('workflowClosed'),
    attemptFailed: tellAll('attemptFailed'),
    activityClosed: tellAll('activityClosed'),
    incidentOpened: tellAll('incidentOpened'),
    incidentResolved: tellAll('incidentResolved'),
    wakeAt: tellAll('wakeAt'),
    dispatchFailed: tellAll('dispatchFailed'),
    workflowLog: tellAll('workflowLog'),
    driftFound: tellAll('driftFound'),
    historyLong: tellAll('historyLong'),
    batchCommitted: tellAll('batchCommitted'),
  };
}

/** Writes what the engine tells to a structured log. Every line bears the ids of its workflow, run and trace. */
export function logObserver(logger: OrchestratorLogger): EngineObserver {
  return {
    workflowStarted: (fact) => logger.debug(idsOf(fact), 'workflow started'),
    workflowClosed: ({ status, startedAtMs, closedAtMs, ...run }) => logger.debug({ ...idsOf(run), status, durationMs: closedAtMs - startedAtMs }, 'workflow closed'),
    attemptFailed: ({ activityType, taskQueue, attempt, failure, nextAttemptAtMs, ...run }) =>
      logger.info({ ...idsOf(run), activityType, taskQueue, attempt, failure: failure.message, nextAttemptAtMs }, 'attempt failed'),
    incidentOpened: ({ incident, ...run }) =>
      logger.error({ ...idsOf(run), incidentNumber: incident.incidentNumber, kind: incident.kind }, `incident opened: ${incident.message}`),
    incidentResolved: ({ incident, ...run }) =>
      logger.info({ ...idsOf(run), incidentNumber: incident.incidentNumber, kind: incident.kind, action: incident.resolution?.action }, 'incident resolved'),
    dispatchFailed: ({ taskQueue, jobs, runIds, error }) => logger.debug({ taskQueue, jobs, runIds: runIds.slice(0, RUN_IDS_LOGGED_MAX), err: error }, 'jobs are missing on a queue'),
    workflowLog: ({ entry, ...run }) => logger[entry.level]({ ...entry.attributes, ...idsOf(run) }, entry.message),
    driftFound: ({ eventIds, ...run }) => logger.warn({ ...idsOf(run), eventIds }, 'the workflow code gives other inputs or options than were recorded'),
    historyLong: ({ historyEvents, historySizeBytes, ...run }) => logger.warn({ ...idsOf(run), historyEvents, historySizeBytes }, 'the history has become long'),
  };
}

const RUN_IDS_LOGGED_MAX = 10;

function idsOf({ workflowId, runId, workflowType, traceparent }: RunIdentity): object {
  return { workflowId, runId, workflowType, traceId: traceIdOf(traceparent) };
}
