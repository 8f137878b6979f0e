import { LIMITS, RESERVED_SIGNAL_PREFIX, type ActivationInfo, type ActivationJob, type ActivityResolution } from '@backstitch/protocol';
import { activityFailure } from '../failures.js';
import type { OpenActivity, RunState, UnhandledEvent } from './run-state.js';

/** From where on a history is long: `continueAsNewSuggested`. */
export interface HistoryLimits {
  eventsWarn: number;
  bytesWarn: number;
  eventsMax: number;
  bytesMax: number;
}

export const DEFAULT_HISTORY_LIMITS: HistoryLimits = {
  eventsWarn: LIMITS.historyEventsWarn,
  bytesWarn: LIMITS.historyBytesWarn,
  eventsMax: LIMITS.historyEventsMax,
  bytesMax: LIMITS.historyBytesMax,
};

/**
 * What workflow code has to be told of events that it has not seen. The only such function: a live workflow task and its replay get the same jobs
 * because they are made here from the same events. Order: initialise, signals, cancellation, then results and timers as they stand in the history.
 */
export function activationJobsOf(unhandled: readonly UnhandledEvent[]): ActivationJob[] {
  const initialise: ActivationJob[] = [];
  const signals: ActivationJob[] = [];
  const cancellations: ActivationJob[] = [];
  const resolutions: ActivationJob[] = [];
  for (const { event, activity, timer } of unhandled) {
    switch (event.eventType) {
      case 'WORKFLOW_EXECUTION_STARTED': {
        const { workflowType, input, randomnessSeed } = event.attributes;
        initialise.push({ type: 'initializeWorkflow', workflowType, args: input, randomnessSeed });
        break;
      }
      case 'WORKFLOW_EXECUTION_SIGNALED': {
        const { signalName, input } = event.attributes;
        if (!signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
          signals.push({ type: 'signalWorkflow', signalName, args: input });
        }
        break;
      }
      case 'WORKFLOW_EXECUTION_CANCEL_REQUESTED': {
        const { cause } = event.attributes;
        cancellations.push({ type: 'cancelWorkflow', ...(cause === undefined ? {} : { reason: cause }) });
        break;
      }
      case 'ACTIVITY_TASK_COMPLETED':
      case 'ACTIVITY_TASK_FAILED':
      case 'ACTIVITY_TASK_TIMED_OUT':
      case 'ACTIVITY_TASK_CANCELED':
        if (activity !== undefined && isAwaited(activity)) {
          resolutions.push({ type: 'resolveActivity', seq: Number(activity.activityId), resolution: resolutionOf(activity, event) });
        }
        break;
      case 'TIMER_FIRED':
        if (timer !== undefined) {
          resolutions.push({ type: 'fireTimer', seq: Number(timer.timerId) });
        }
        break;
      default:
        // Other events are of the engine's own making.
        break;
    }
  }
  return [...initialise, ...signals, ...cancellations, ...resolutions];
}

/** What `workflowInfo()` tells in a workflow task whose WORKFLOW_TASK_STARTED event makes the history that long. */
export function activationInfoOf(
  state: RunState,
  history: { length: number; sizeBytes: number },
  limits: HistoryLimits,
  isReplaying: boolean,
): ActivationInfo {
  return {
    workflowId: state.workflowId,
    runId: state.runId,
    workflowType: state.workflowType,
    taskQueue: state.taskQueue,
    startTimeMs: state.startedAtMs,
    historyLength: history.length,
    historySizeBytes: history.sizeBytes,
    continueAsNewSuggested: history.length >= limits.eventsWarn || history.sizeBytes >= limits.bytesWarn,
    searchAttributes: state.searchAttributes,
    memo: state.memo,
    isReplaying,
  };
}

/** Under any other type than WAIT_CANCELLATION_COMPLETED the workflow gave the activity up when it asked for its cancellation. */
function isAwaited(activity: OpenActivity): boolean {
  return !activity.cancelRequested || activity.options.cancellationType === 'WAIT_CANCELLATION_COMPLETED';
}

type ClosingEvent = Extract<
  UnhandledEvent['event'],
  { eventType: 'ACTIVITY_TASK_COMPLETED' | 'ACTIVITY_TASK_FAILED' | 'ACTIVITY_TASK_TIMED_OUT' | 'ACTIVITY_TASK_CANCELED' }
>;

function resolutionOf(activity: OpenActivity, event: ClosingEvent): ActivityResolution {
  switch (event.eventType) {
    case 'ACTIVITY_TASK_COMPLETED':
      return { status: 'completed', result: event.attributes.result };
    case 'ACTIVITY_TASK_FAILED': {
      const { failure, retryState, identity } = event.attributes;
      return { status: 'failed', failure: activityFailure(activity, 'failed', retryState, failure, identity) };
    }
    case 'ACTIVITY_TASK_TIMED_OUT': {
      const { failure, retryState } = event.attributes;
      return { status: 'failed', failure: activityFailure(activity, 'timedOut', retryState, failure) };
    }
    case 'ACTIVITY_TASK_CANCELED': {
      const { details, identity } = event.attributes;
      const cause = { message: 'Activity canceled', canceledFailureInfo: details === undefined ? {} : { details } };
      return { status: 'canceled', failure: activityFailure(activity, 'canceled', 'CANCEL_REQUESTED', cause, identity) };
    }
    default: {
      const never: never = event;
      return never;
    }
  }
}
