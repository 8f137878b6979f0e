import { ENVELOPE_VERSION, LIMITS, type OutcomeBatchJob } from '@backstitch/protocol';

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether data is certainly a valid envelope of outcomes, told at a tenth of what its schema costs. False says nothing: the schema decides, and words what
 * is wrong. Each outcome passes here, so it counts.
 */
export function isPlainOutcomes(data: unknown): data is OutcomeBatchJob {
  if (typeof data !== 'object' || data === null) {
    return false;
  }
  const { envelopeVersion, kind, outcomes } = data as Record<string, unknown>;
  return envelopeVersion === ENVELOPE_VERSION && kind === 'outcomes' && Array.isArray(outcomes) && outcomes.length <= LIMITS.outcomesPerReplyMax && outcomes.every(isPlainOutcome);
}

function isPlainOutcome(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) {
    return false;
  }
  const { workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs, finishedAtMs, identity, outcome } = entry as Record<string, unknown>;
  return (
    typeof workflowId === 'string' &&
    workflowId !== '' &&
    typeof runId === 'string' &&
    RUN_ID.test(runId) &&
    isEventNumber(scheduledEventId) &&
    isEventNumber(attempt) &&
    isEventNumber(dispatch) &&
    typeof key === 'string' &&
    Number.isFinite(startedAtMs) &&
    Number.isFinite(finishedAtMs) &&
    typeof identity === 'string' &&
    isPlainEnd(outcome)
  );
}

/** Any other end than these two is for the schema. */
function isPlainEnd(outcome: unknown): boolean {
  if (typeof outcome !== 'object' || outcome === null) {
    return false;
  }
  const { status, failure } = outcome as Record<string, unknown>;
  return status === 'completed' || (status === 'failed' && typeof failure === 'object' && failure !== null && typeof (failure as { message?: unknown }).message === 'string');
}

function isEventNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
