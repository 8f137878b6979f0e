import { encodePayload, type ActivityOutcome, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import type { QueueLogger } from '@backstitch/queues';
import type { z } from 'zod';
import { applicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { toFailure } from '../errors/to-failure.js';
import type { routingSchema } from './activity-job-schema.js';
import { encodedEnding, endingOf, type RepliedEnding } from './attempt-ending.js';
import type { AttemptReports } from './attempt-reports.js';
import type { OutcomeBatcher } from './outcome-batcher.js';

export interface AttemptRepliesParts {
  batcher: OutcomeBatcher;
  reports: AttemptReports;
  logger: QueueLogger;
  /** E.g. `inventory@host:4711`. */
  identity: string;
  codec?: PayloadCodec;
}

/** Who waits for the outcome. */
type Routing = z.output<typeof routingSchema>;

/** What the engine hears of attempts: that they are under way, and how they ended; with every payload encoded where there is a codec. */
export class AttemptReplies {
  constructor(private readonly parts: AttemptRepliesParts) {}

  /** Tells the engine that the attempt is under way. Never rejects, never waits. */
  reportRunning(job: Routing, startedAtMs: number, heartbeatDetails: JsonValue | undefined): void {
    const { codec, reports, logger } = this.parts;
    const send = (details: JsonValue | undefined): void =>
      reports.report(job.replyTo, { ...this.outcomeOf(job, startedAtMs), ...(details === undefined ? {} : { heartbeatDetails: details }), outcome: { status: 'running' } });
    if (codec === undefined || heartbeatDetails === undefined) send(heartbeatDetails);
    else encodePayload(codec, heartbeatDetails).then(send, (error: unknown) => logger.warn({ err: error }, 'details of a heartbeat could not be encoded'));
  }

  private outcomeOf(job: Routing, startedAtMs: number): Omit<ActivityOutcome, 'outcome'> {
    return {
      workflowId: job.workflowId,
      runId: job.runId,
      scheduledEventId: job.scheduledEventId,
      attempt: job.attempt,
      dispatch: job.dispatch,
      key: job.key,
      startedAtMs,
      finishedAtMs: Date.now(),
      identity: this.parts.identity,
    };
  }

  /**
   * Tells how the attempt ended; resolves when that is on its queue. With a codec every payload is encoded; what cannot be encoded is told as a failure that is tried
   * again: then the inbox repeats the result.
   */
  async reply(job: Routing, ended: RepliedEnding, startedAtMs: number, heartbeatDetails?: JsonValue): Promise<void> {
    const { codec } = this.parts;
    const details = ended.status === 'failed' ? heartbeatDetails : undefined;
    if (codec === undefined) return this.send(job, ended, startedAtMs, details, endingOf(ended));
    let encodedDetails: JsonValue | undefined;
    let ending: ActivityOutcome['outcome'];
    try {
      encodedDetails = details === undefined ? undefined : await encodePayload(codec, details);
      ending = await encodedEnding(codec, endingOf(ended));
    } catch (cause) {
      ending = { status: 'failed', failure: toFailure(applicationFailure({ message: 'The outcome could not be encoded.', type: ACTIVITY_FAILURE_TYPE.payloadCodec, cause })) };
    }
    return this.send(job, ended, startedAtMs, encodedDetails, ending);
  }

  private send(job: Routing, ended: RepliedEnding, startedAtMs: number, heartbeatDetails: JsonValue | undefined, ending: ActivityOutcome['outcome']): Promise<void> {
    const outcome: ActivityOutcome = {
      ...this.outcomeOf(job, startedAtMs),
      ...(ended.status === 'completed' && ended.success.repeated ? { repeated: true } : {}),
      ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
      outcome: ending,
    };
    return this.parts.batcher.send(job.replyTo, outcome, ended.status === 'completed' ? ended.success.resultBytes : 0);
  }
}
