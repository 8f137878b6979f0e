import type { Failure } from '@backstitch/protocol';
import { defined, durationOf, int64Of, optional, payloadsOf } from './temporal-json.js';

/** A failure in the JSON form of Temporal's message of that name. */
export function exportFailure(failure: Failure): Record<string, unknown> {
  const { message, source, stackTrace, cause, applicationFailureInfo, timeoutFailureInfo, canceledFailureInfo } = failure;
  const { terminatedFailureInfo, serverFailureInfo, activityFailureInfo, childWorkflowExecutionFailureInfo } = failure;
  return defined({
    message,
    source,
    stackTrace,
    cause: optional(cause, exportFailure),
    applicationFailureInfo: optional(applicationFailureInfo, ({ type, nonRetryable, details, nextRetryDelayMs, category }) =>
      defined({
        type,
        nonRetryable,
        details: optional(details, payloadsOf),
        nextRetryDelay: optional(nextRetryDelayMs, durationOf),
        category: optional(category, (name) => `APPLICATION_ERROR_CATEGORY_${name}`),
      }),
    ),
    timeoutFailureInfo: optional(timeoutFailureInfo, ({ timeoutType, lastHeartbeatDetails }) =>
      defined({ timeoutType: `TIMEOUT_TYPE_${timeoutType}`, lastHeartbeatDetails: optional(lastHeartbeatDetails, (details) => payloadsOf([details])) }),
    ),
    canceledFailureInfo: optional(canceledFailureInfo, ({ details }) => defined({ details: optional(details, payloadsOf) })),
    terminatedFailureInfo,
    serverFailureInfo,
    activityFailureInfo: optional(activityFailureInfo, ({ scheduledEventId, activityType, activityId, retryState, identity }) =>
      defined({ scheduledEventId: int64Of(scheduledEventId), identity, activityType: { name: activityType }, activityId, retryState: `RETRY_STATE_${retryState}` }),
    ),
    childWorkflowExecutionFailureInfo: optional(childWorkflowExecutionFailureInfo, (info) => {
      const { namespace, workflowId, runId, workflowType, initiatedEventId, startedEventId, retryState } = info;
      return defined({
        namespace,
        workflowExecution: defined({ workflowId, runId }),
        workflowType: { name: workflowType },
        initiatedEventId: int64Of(initiatedEventId),
        startedEventId: int64Of(startedEventId),
        retryState: `RETRY_STATE_${retryState}`,
      });
    }),
  });
}
