import { ENVELOPE_VERSION } from '@backstitch/protocol';
import type { ReceivedActivityJob } from './activity-job-schema.js';

/**
 * What `activityJobSchema` says, without its findings and without making a copy: every job passes here. The specs hold the two together.
 */
export function isActivityJob(data: unknown): data is ReceivedActivityJob {
  if (!isRecord(data)) return false;
  const { undoOf } = data;
  return (
    data.envelopeVersion === ENVELOPE_VERSION &&
    data.kind === 'activity' &&
    isText(data.workflowId) &&
    isText(data.runId) &&
    typeof data.workflowType === 'string' &&
    isOrdinal(data.scheduledEventId) &&
    typeof data.activityId === 'string' &&
    isText(data.activityType) &&
    isText(data.key) &&
    isOrdinal(data.attempt) &&
    isOrdinal(data.dispatch) &&
    Array.isArray(data.input) &&
    !data.input.includes(undefined) &&
    (undoOf === undefined || (isRecord(undoOf) && isText(undoOf.key) && isText(undoOf.activityType))) &&
    (data.supersedesKey === undefined || isText(data.supersedesKey)) &&
    isNumber(data.scheduledAtMs) &&
    isDuration(data.startToCloseTimeoutMs) &&
    isDuration(data.heartbeatTimeoutMs) &&
    (data.scheduleToCloseDeadlineMs === undefined || isNumber(data.scheduleToCloseDeadlineMs)) &&
    isText(data.replyTo) &&
    (data.traceparent === undefined || typeof data.traceparent === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0;
}

function isOrdinal(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value);
}

function isDuration(value: unknown): boolean {
  return value === undefined || (isNumber(value) && (value as number) > 0);
}
