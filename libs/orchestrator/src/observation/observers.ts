import type { EngineObserver, RunIdentity } from '@backstitch/engine';
import { traceIdOf } from '@backstitch/protocol';
import type { OrchestratorLogger } from './logger.js';

/** One observer that tells each fact to all. */
export function combineObservers(observers: readonly EngineObserver[]): EngineObserver {
  const tellAll = <K extends keyof EngineObserver>(name: K): EngineObserver[K] => {
    // All methods of an observer take one fact and answer nothing.
    const told = observers.flatMap((observer) => (observer[name]?.bind(observer) as ((fact: never) => void) | undefined) ?? []);
    if (told.length === 0) return undefined;
    return ((fact: never) => {
      for (const tell of told) tell(fact);
    }) as EngineObserver[K];
  };
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
    callsFailed: tellAll('callsFailed'),
    dueElsewhere: tellAll('dueElsewhere'),
    workflowSinkCall: tellAll('workflowSinkCall'),
    batchFailed: tellAll('batchFailed'),
  } satisfies Record<keyof EngineObserver, unknown>;
}

/** Writes what the engine tells to a structured log. Every line bears the ids of its workflow, run and trace. */
export function logObserver(logger: OrchestratorLogger): EngineObserver {
  // Most orchestrators write no such lines, and each of them has thousands of runs a second: nothing is made for them.
  const isSilent = (level: 'debug'): boolean => logger.isLevelEnabled?.(level) === false;
  return {
    workflowStarted: (fact) => {
      if (!isSilent('debug')) logger.debug(idsOf(fact), 'workflow started');
    },
    workflowClosed: (fact) => {
      if (!isSilent('debug')) logger.debug({ ...idsOf(fact), status: fact.status, durationMs: fact.closedAtMs - fact.startedAtMs }, 'workflow closed');
    },
    attemptFailed: ({ activityType, taskQueue, attempt, failure, nextAttemptAtMs, ...run }) =>
      logger.info({ ...idsOf(run), activityType, taskQueue, attempt, failure: failure.message, nextAttemptAtMs }, 'attempt failed'),
    incidentOpened: ({ incident, ...run }) =>
      logger.error({ ...idsOf(run), incidentNumber: incident.incidentNumber, kind: incident.kind }, `incident opened: ${incident.message}`),
    incidentResolved: ({ incident, ...run }) =>
      logger.info({ ...idsOf(run), incidentNumber: incident.incidentNumber, kind: incident.kind, action: incident.resolution?.action }, 'incident resolved'),
    dispatchFailed: ({ taskQueue, jobs, runIds, error }) => logger.debug({ taskQueue, jobs, runIds: runIds.slice(0, RUN_IDS_LOGGED_MAX), err: error }, 'jobs are missing on a queue'),
    callsFailed: ({ runIds, error }) => logger.debug({ runIds: runIds.slice(0, RUN_IDS_LOGGED_MAX), err: error }, 'calls between runs have no answer'),
    batchFailed: ({ runIds, error }) => logger.error({ runIds: runIds.slice(0, RUN_IDS_LOGGED_MAX), err: error }, 'a batch of runs failed by a fault of the engine or of what it stands on'),
    workflowLog: ({ entry, ...run }) => logger[entry.level]({ ...entry.attributes, ...idsOf(run) }, entry.message),
    driftFound: ({ eventIds, ...run }) => logger.warn({ ...idsOf(run), eventIds }, 'the workflow code gives other inputs or options than were recorded'),
    historyLong: ({ historyEvents, historySizeBytes, ...run }) => logger.warn({ ...idsOf(run), historyEvents, historySizeBytes }, 'the history has become long'),
  };
}

const RUN_IDS_LOGGED_MAX = 10;

function idsOf({ workflowId, runId, workflowType, traceparent }: RunIdentity): object {
  return { workflowId, runId, workflowType, traceId: traceIdOf(traceparent) };
}
