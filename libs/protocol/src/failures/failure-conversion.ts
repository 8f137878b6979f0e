import type { Failure } from '../failure.js';
import type { JsonValue } from '../json.js';
import { durationToMs } from './duration.js';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  typeNameOf,
} from './temporal-failures.js';

/** Causes deeper than this are cut off: a chain that bites its own tail must end. */
const CAUSES_MAX = 32;

/** Failure as data → error as workflow code sees it, with its chain of causes. The stack is the one recorded, else only name and message. */
export function failureToError(failure: Failure): TemporalFailure {
  const error = bareError(failure);
  error.failure = failure;
  error.stack = failure.stackTrace ?? `${error.name}: ${failure.message}`;
  return error;
}

function bareError(failure: Failure): TemporalFailure {
  const cause = failure.cause === undefined ? undefined : failureToError(failure.cause);
  if (failure.applicationFailureInfo !== undefined) {
    const { type, nonRetryable, details, nextRetryDelayMs, category } = failure.applicationFailureInfo;
    return new ApplicationFailure(failure.message, type, nonRetryable ?? false, details, cause, nextRetryDelayMs, category);
  }
  if (failure.activityFailureInfo !== undefined) {
    const { activityType, activityId, retryState, identity, scheduledEventId } = failure.activityFailureInfo;
    return new ActivityFailure(failure.message, activityType, activityId, retryState, identity, cause, scheduledEventId);
  }
  if (failure.childWorkflowExecutionFailureInfo !== undefined) {
    const { namespace, workflowId, runId, workflowType, retryState } = failure.childWorkflowExecutionFailureInfo;
    const error = new ChildWorkflowFailure(namespace, { workflowId, runId }, workflowType, retryState, cause);
    if (failure.message !== '') error.message = failure.message;
    return error;
  }
  if (failure.canceledFailureInfo !== undefined) {
    return new CancelledFailure(failure.message, failure.canceledFailureInfo.details, cause);
  }
  if (failure.timeoutFailureInfo !== undefined) {
    const { lastHeartbeatDetails, timeoutType } = failure.timeoutFailureInfo;
    return new TimeoutFailure(failure.message, lastHeartbeatDetails, timeoutType, cause);
  }
  if (failure.terminatedFailureInfo !== undefined) return new TerminatedFailure(failure.message, cause);
  if (failure.serverFailureInfo !== undefined) {
    return new ServerFailure(failure.message, failure.serverFailureInfo.nonRetryable ?? false, cause);
  }
  return new TemporalFailure(failure.message, cause);
}

/** Anything thrown → failure as data. An error that came from data goes back unchanged. What is no failure becomes an application failure of its name. */
export function errorToFailure(error: unknown): Failure {
  try {
    return toFailure(error, 0);
  } catch {
    // Whatever a getter or toString() of the thrown value did, that something was thrown must be told.
    return { ...base('A value was thrown that cannot be described.', undefined, undefined), applicationFailureInfo: {} };
  }
}

function toFailure(error: unknown, depth: number): Failure {
  if (error instanceof TemporalFailure && error.failure !== undefined) return error.failure;
  if (!(error instanceof Error)) return { ...base(String(error), undefined, undefined), applicationFailureInfo: {} };

  const cause = error.cause === undefined || depth >= CAUSES_MAX ? undefined : toFailure(error.cause, depth + 1);
  const common = base(error.message, error.stack, cause);
  if (error instanceof ApplicationFailure) {
    return {
      ...common,
      applicationFailureInfo: {
        type: error.type ?? undefined,
        nonRetryable: error.nonRetryable ?? false,
        details: jsonValues(error.details),
        nextRetryDelayMs: error.nextRetryDelay == null ? undefined : durationToMs(error.nextRetryDelay, 'nextRetryDelay'),
        ...(error.category == null ? {} : { category: error.category }),
      },
    };
  }
  if (error instanceof ActivityFailure) {
    const { activityType, activityId, retryState, identity, scheduledEventId } = error;
    return { ...common, activityFailureInfo: { scheduledEventId, activityType, activityId: activityId ?? '', retryState, identity } };
  }
  if (error instanceof ChildWorkflowFailure) {
    const { namespace, execution, workflowType, retryState } = error;
    const { workflowId, runId } = execution;
    return {
      ...common,
      childWorkflowExecutionFailureInfo: { namespace, workflowId: workflowId ?? '', runId: runId ?? undefined, workflowType, initiatedEventId: 0, startedEventId: 0, retryState },
    };
  }
  if (error instanceof CancelledFailure) return { ...common, canceledFailureInfo: { details: jsonValues(error.details) } };
  if (error instanceof TimeoutFailure) {
    return { ...common, timeoutFailureInfo: { timeoutType: error.timeoutType, lastHeartbeatDetails: jsonValues([error.lastHeartbeatDetails])?.[0] } };
  }
  if (error instanceof TerminatedFailure) return { ...common, terminatedFailureInfo: {} };
  if (error instanceof ServerFailure) return { ...common, serverFailureInfo: { nonRetryable: error.nonRetryable } };
  return { ...common, applicationFailureInfo: { type: typeNameOf(error) } };
}

function base(message: string, stackTrace: string | undefined, cause: Failure | undefined): Failure {
  return { message, source: 'Backstitch', stackTrace, cause };
}

/** A snapshot as JSON; what JSON cannot carry must not keep the failure itself from being told. */
function jsonValues(values: readonly unknown[] | null | undefined): JsonValue[] | undefined {
  if (values == null || values.length === 0) return undefined;
  return values.map((value) => {
    try {
      return JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue;
    } catch {
      return String(value);
    }
  });
}
