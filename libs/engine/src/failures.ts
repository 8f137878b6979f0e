import { FAILURE_TYPE, LIMITS, type Failure, type RetryState } from '@backstitch/protocol';
import { jsonBytes } from './json.js';

/** A failure kept beside the history (attempts, incidents) is cut to about this size. */
const SUMMARY_BYTES_MAX = 16 * 1024;
const MESSAGE_LENGTH_MAX = 2_000;

/** What the workflow gets when an activity failed: says which activity, with the activity's own failure as its cause. */
export function activityFailure(
  activity: { scheduledEventId: number; activityId: string; activityType: string },
  kind: 'failed' | 'timedOut' | 'canceled',
  retryState: RetryState,
  cause: Failure,
  identity?: string,
): Failure {
  return {
    message: MESSAGE_OF[kind],
    cause,
    activityFailureInfo: {
      scheduledEventId: activity.scheduledEventId,
      activityType: activity.activityType,
      activityId: activity.activityId,
      retryState,
      ...(identity === undefined ? {} : { identity }),
    },
  };
}

const MESSAGE_OF = { failed: 'Activity task failed', timedOut: 'Activity task timed out', canceled: 'Activity task canceled' } as const;

/** A failure small enough to be kept many times over; what does not fit is left out, outermost detail first. */
export function summaryOf(failure: Failure): Failure {
  if (jsonBytes(failure) <= SUMMARY_BYTES_MAX) {
    return failure;
  }
  const { applicationFailureInfo, timeoutFailureInfo, canceledFailureInfo, serverFailureInfo } = failure;
  return {
    message: clip(failure.message),
    ...(failure.stackTrace === undefined ? {} : { stackTrace: clip(failure.stackTrace) }),
    ...(applicationFailureInfo === undefined
      ? {}
      : { applicationFailureInfo: { ...applicationFailureInfo, type: applicationFailureInfo.type === undefined ? undefined : clip(applicationFailureInfo.type), details: undefined } }),
    ...(timeoutFailureInfo === undefined ? {} : { timeoutFailureInfo: { timeoutType: timeoutFailureInfo.timeoutType } }),
    ...(canceledFailureInfo === undefined ? {} : { canceledFailureInfo: {} }),
    ...(serverFailureInfo === undefined ? {} : { serverFailureInfo }),
  };
}

/** The failure itself, or its summary where it is larger than a payload may be (law L9). */
export function withinPayloadLimit(failure: Failure): Failure {
  return jsonBytes(failure) <= LIMITS.payloadBytesMax ? failure : summaryOf(failure);
}

/** An activity's result that is larger than a payload may be: its effect has happened, so trying again is of no use. */
export function payloadTooLargeFailure(what: string, bytes: number): Failure {
  return {
    message: `${what} has ${bytes} bytes; the limit is ${LIMITS.payloadBytesMax}.`,
    applicationFailureInfo: { type: FAILURE_TYPE.payloadTooLarge, nonRetryable: true },
  };
}

/** All attempts together took longer than they may. */
export function scheduleToCloseFailure(cause?: Failure): Failure {
  return {
    message: 'Activity did not close within its schedule-to-close time-out',
    timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_CLOSE' },
    ...(cause === undefined ? {} : { cause }),
  };
}

/** A failure of Backstitch's own, not of the workflow's. */
export function plainFailure(message: string, error?: unknown): Failure {
  return { message: error instanceof Error ? `${message}: ${error.message}` : message };
}

function clip(text: string): string {
  return text.length <= MESSAGE_LENGTH_MAX ? text : `${text.slice(0, MESSAGE_LENGTH_MAX)}…`;
}
