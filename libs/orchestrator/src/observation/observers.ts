import type { EngineObserver } from '@backstitch/engine';
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
    batchCommitted: tellAll('batchCommitted'),
  };
}

/** Writes what the engine tells to a structured log. */
export function logObserver(logger: OrchestratorLogger): EngineObserver {
  return {
    workflowStarted: ({ workflowId, runId, workflowType, traceparent }) =>
      logger.debug({ workflowId, runId, workflowType, traceId: traceIdOf(traceparent) }, 'workflow started'),
    workflowClosed: ({ workflowId, runId, workflowType, status, startedAtMs, closedAtMs }) =>
      logger.debug({ workflowId, runId, workflowType, status, durationMs: closedAtMs - startedAtMs }, 'workflow closed'),
    attemptFailed: ({ workflowId, runId, activityType, taskQueue, attempt, failure, nextAttemptAtMs }) =>
      logger.info({ workflowId, runId, activityType, taskQueue, attempt, failure: failure.message, nextAttemptAtMs }, 'attempt failed'),
    incidentOpened: ({ workflowId, runId, workflowType, incident }) =>
      logger.error({ workflowId, runId, workflowType, incidentNumber: incident.incidentNumber, kind: incident.kind }, `incident opened: ${incident.message}`),
    incidentResolved: ({ workflowId, runId, workflowType, incident }) =>
      logger.info({ workflowId, runId, workflowType, incidentNumber: incident.incidentNumber, kind: incident.kind, action: incident.resolution?.action }, 'incident resolved'),
    workflowLog: ({ workflowId, runId, entry }) => logger[entry.level]({ ...entry.attributes, workflowId, runId }, entry.message),
  };
}
