import { RUNTIME_VERSION, type CarriedUndo, type ContinueAsNewCommand, type Failure, type HistoryEventAttributes, type JsonValue, type RetryState } from '@backstitch/protocol';
import { nextCronTimeMs } from '../cron.js';
import { decideRetry } from '../retry-decision.js';
import { buildOfSuccessor } from './builds.js';
import { defined } from './call-commands.js';
import { executionExpirationMs } from './lineage.js';
import type { NewRun } from './new-run.js';
import type { Turn } from './turn.js';

type Started = HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'];

/** How a run ended that may be followed by another one of its chain. */
export type ChainEnd =
  | { status: 'COMPLETED'; result: JsonValue }
  | { status: 'FAILED'; failure: Failure }
  | { status: 'TIMED_OUT'; failure: Failure };

/** Whether the chain goes on: by the retry policy, or else by the cron schedule. */
export function planNextRun(turn: Turn, end: ChainEnd): { retryState?: RetryState; newRun?: NewRun } {
  const { state, nowMs } = turn;
  const started = state.extras?.started;
  if (started === undefined) {
    return {};
  }
  const expirationMs = executionExpirationMs(started, state.startedAtMs);
  let retryState: RetryState | undefined;
  if (end.status !== 'COMPLETED' && started.retryPolicy !== undefined) {
    const attempt = started.attempt ?? 1;
    const decision = decideRetry({
      failure: end.failure,
      attempt,
      policy: started.retryPolicy,
      nowMs,
      deadlineMs: expirationMs,
      cancelRequested: false,
      random: turn.settings.random(),
    });
    if (decision.retry) {
      const next = { attempt: attempt + 1, continuedFailure: end.failure, ...defined('lastCompletionResult', started.lastCompletionResult) };
      return { retryState: 'IN_PROGRESS', newRun: nextRun(turn, started, decision.delayMs, next) };
    }
    ({ retryState } = decision);
  }
  if (started.cronSchedule !== undefined) {
    const nextMs = nextCronTimeMs(started.cronSchedule, nowMs);
    if (nextMs !== undefined && (expirationMs === undefined || nextMs < expirationMs)) {
      const last = end.status === 'COMPLETED' ? { lastCompletionResult: end.result } : { continuedFailure: end.failure, ...defined('lastCompletionResult', started.lastCompletionResult) };
      return { ...defined('retryState', retryState), newRun: nextRun(turn, started, nextMs - nowMs, last) };
    }
  }
  return end.status === 'COMPLETED' ? {} : { retryState: retryState ?? (end.status === 'TIMED_OUT' ? 'TIMEOUT' : 'RETRY_POLICY_NOT_SET') };
}

/** The run that a run continues as. */
export function continuedRun(
  turn: Turn,
  event: HistoryEventAttributes['WORKFLOW_EXECUTION_CONTINUED_AS_NEW'],
  command: ContinueAsNewCommand,
  carriedUndos: CarriedUndo[],
): NewRun {
  const { state } = turn;
  const started = state.extras?.started;
  const { workflowType, taskQueue, input, memo, searchAttributes, header, backoffStartIntervalMs } = event;
  const durations = {
    ...defined('workflowExecutionTimeoutMs', event.workflowExecutionTimeoutMs),
    ...defined('workflowRunTimeoutMs', event.workflowRunTimeoutMs),
    ...defined('workflowTaskTimeoutMs', event.workflowTaskTimeoutMs),
  };
  return chained(turn, {
    workflowType,
    taskQueue,
    input,
    ...defined('memo', memo),
    ...defined('searchAttributes', searchAttributes),
    ...defined('header', header ?? started?.header),
    ...defined('retryPolicy', command.retryPolicy ?? started?.retryPolicy),
    ...defined('lastCompletionResult', started?.lastCompletionResult),
    ...(backoffStartIntervalMs === undefined || backoffStartIntervalMs === 0 ? {} : { firstWorkflowTaskBackoffMs: backoffStartIntervalMs }),
    ...(carriedUndos.length === 0 ? {} : { carriedUndos }),
    ...durations,
  });
}

function nextRun(turn: Turn, started: Started, delayMs: number, own: Partial<Started>): NewRun {
  const { state } = turn;
  const { workflowType, taskQueue, input, header, retryPolicy, workflowExecutionTimeoutMs, workflowRunTimeoutMs, workflowTaskTimeoutMs } = started;
  return chained(turn, {
    workflowType,
    taskQueue,
    input,
    ...(Object.keys(state.memo).length === 0 ? {} : { memo: state.memo }),
    ...(Object.keys(state.searchAttributes).length === 0 ? {} : { searchAttributes: state.searchAttributes }),
    ...defined('header', header),
    ...defined('retryPolicy', retryPolicy),
    // Undos that the run before had left to this one were run by its code when it failed, and are a rollback's when its time is out.
    ...defined('workflowExecutionTimeoutMs', workflowExecutionTimeoutMs),
    ...defined('workflowRunTimeoutMs', workflowRunTimeoutMs),
    ...defined('workflowTaskTimeoutMs', workflowTaskTimeoutMs),
    ...(delayMs > 0 ? { firstWorkflowTaskBackoffMs: delayMs } : {}),
    ...own,
  });
}

/** A run of the same chain. */
function chained(turn: Turn, own: Omit<Started, 'workflowId' | 'runId' | 'randomnessSeed'>): NewRun {
  const { state } = turn;
  const { workflowId, partition, requestFingerprint, extras } = state;
  const started = extras?.started;
  const runId = turn.settings.runId();
  return {
    workflowId,
    runId,
    partition,
    requestFingerprint,
    replacesRunId: state.runId,
    started: {
      workflowId,
      runId,
      ...own,
      ...defined('traceparent', state.traceparent),
      randomnessSeed: runId,
      runtimeVersion: RUNTIME_VERSION,
      ...defined('buildId', buildOfSuccessor(turn, own.workflowType)),
      firstExecutionRunId: started?.firstExecutionRunId ?? state.runId,
      firstExecutionStartTimeMs: started?.firstExecutionStartTimeMs ?? state.startedAtMs,
      continuedExecutionRunId: state.runId,
      ...defined('parentWorkflowExecution', started?.parentWorkflowExecution),
      ...defined('parentInitiatedEventId', started?.parentInitiatedEventId),
      ...defined('rootWorkflowExecution', started?.rootWorkflowExecution),
      ...defined('cronSchedule', started?.cronSchedule),
    },
  };
}
