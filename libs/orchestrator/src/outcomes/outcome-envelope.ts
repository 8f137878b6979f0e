import { ENVELOPE_VERSION, LIMITS, type OutcomeBatchJob } from '@backstitch/protocol';
import { z } from 'zod';

const eventNumber = z.int().min(1);

const outcome = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('completed'), result: z.unknown().optional() }),
  z.looseObject({ status: z.literal('failed'), failure: z.looseObject({ message: z.string() }) }),
  z.looseObject({ status: z.literal('canceled'), details: z.array(z.unknown()).optional() }),
  z.looseObject({ status: z.literal('running'), completesOutside: z.boolean().optional() }),
]);

const envelope = z.looseObject({
  envelopeVersion: z.literal(ENVELOPE_VERSION),
  kind: z.literal('outcomes'),
  outcomes: z
    .array(
      z.looseObject({
        workflowId: z.string().min(1),
        runId: z.guid(),
        scheduledEventId: eventNumber,
        attempt: eventNumber,
        dispatch: eventNumber,
        key: z.string(),
        startedAtMs: z.number(),
        finishedAtMs: z.number(),
        identity: z.string(),
        outcome,
      }),
    )
    // A worker of another make may fill its batches more; what is far beyond is no reply of ours.
    .max(LIMITS.outcomesPerReplyMax * 10),
});

/** A job on an outcomes queue is no envelope that this version understands. It fails and stays on its queue for inspection. */
export class InvalidOutcomeEnvelopeError extends Error {
  override readonly name = 'InvalidOutcomeEnvelopeError';
  readonly code = 'INVALID_OUTCOME_ENVELOPE';
  constructor(
    readonly queueName: string,
    readonly jobId: string,
    readonly reason: string,
  ) {
    super(`Job ${jobId} on ${queueName} is no envelope of outcomes: ${reason}`);
  }
}

/** @throws InvalidOutcomeEnvelopeError */
export function readOutcomeEnvelope(queueName: string, jobId: string, data: unknown): OutcomeBatchJob {
  if (!isOrdinaryEnvelope(data)) {
    const parsed = envelope.safeParse(data);
    if (!parsed.success) {
      throw new InvalidOutcomeEnvelopeError(queueName, jobId, z.prettifyError(parsed.error).slice(0, 1_000));
    }
  }
  // A result that is left out is null: some languages cannot say `undefined` otherwise.
  const job = data as OutcomeBatchJob;
  for (const entry of job.outcomes) {
    if (entry.outcome.status === 'completed') {
      entry.outcome.result ??= null;
    }
  }
  return job;
}

/**
 * Whether an envelope is right at first sight, as nearly all are: true only for what the schema takes. The schema is asked about the rest, and about what is
 * wrong with it; it takes ten times as long.
 */
function isOrdinaryEnvelope(data: unknown): boolean {
  const { envelopeVersion, kind, outcomes } = fieldsOf(data);
  return envelopeVersion === ENVELOPE_VERSION && kind === 'outcomes' && Array.isArray(outcomes) && outcomes.length <= LIMITS.outcomesPerReplyMax && outcomes.every(isOrdinaryOutcome);
}

function isOrdinaryOutcome(data: unknown): boolean {
  const { workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs, finishedAtMs, identity, outcome } = fieldsOf(data);
  return (
    typeof workflowId === 'string' &&
    workflowId !== '' &&
    typeof runId === 'string' &&
    GUID.test(runId) &&
    isEventNumber(scheduledEventId) &&
    isEventNumber(attempt) &&
    isEventNumber(dispatch) &&
    typeof key === 'string' &&
    Number.isFinite(startedAtMs) &&
    Number.isFinite(finishedAtMs) &&
    typeof identity === 'string' &&
    isOrdinaryEnding(outcome)
  );
}

function isOrdinaryEnding(data: unknown): boolean {
  const { status, failure } = fieldsOf(data);
  return status === 'completed' || (status === 'failed' && typeof fieldsOf(failure)['message'] === 'string');
}

function isEventNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NO_FIELDS: Readonly<Record<string, unknown>> = {};

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : NO_FIELDS;
}
