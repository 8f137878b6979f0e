import { ENVELOPE_VERSION, LIMITS, type OutcomeBatchJob } from '@backstitch/protocol';
import { z } from 'zod';

const eventNumber = z.int().min(1);

const outcome = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('completed'), result: z.unknown().optional() }),
  z.looseObject({ status: z.literal('failed'), failure: z.looseObject({ message: z.string() }) }),
  z.looseObject({ status: z.literal('canceled'), details: z.array(z.unknown()).optional() }),
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
  const parsed = envelope.safeParse(data);
  if (!parsed.success) {
    throw new InvalidOutcomeEnvelopeError(queueName, jobId, z.prettifyError(parsed.error).slice(0, 1_000));
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
