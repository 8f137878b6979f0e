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

  /** Tells how the attempt ended; resolves when that is on its queue. */
  async reply(job: Routing, ended: RepliedEnding, startedAtMs: number, heartbeatDetails?: JsonValue): Promise<void> {
    const { codec, batcher } = this.parts;
    if (codec !== undefined) return this.replyEncoded(codec, job, ended, startedAtMs, heartbeatDetails);
    const outcome: ActivityOutcome = {
      workflowId: job.workflowId,
      runId: job.runId,
      scheduledEventId: job.scheduledEventId,
      attempt: job.attempt,
      dispatch: job.dispatch,
      key: job.key,
      startedAtMs,
      finishedAtMs: Date.now(),
      identity: this.parts.identity,
      ...(ended.status === 'completed' && ended.success.repeated ? { repeated: true } : {}),
      ...(ended.status === 'failed' && heartbeatDetails !== undefined ? { heartbeatDetails } : {}),
      outcome: endingOf(ended),
    };
    await batcher.send(job.replyTo, outcome, ended.status === 'completed' ? ended.success.resultBytes : 0);
  }

  /** As `reply`, with every payload encoded. What cannot be encoded is told as a failure that is tried again: then the inbox repeats the result. */
  private async replyEncoded(
    codec: PayloadCodec,
    job: Routing,
    ended: RepliedEnding,
    startedAtMs: number,
    heartbeatDetails: JsonValue | undefined,
  ): Promise<void> {
    let details: JsonValue | undefined;
    let ending: ActivityOutcome['outcome'];
    try {
      details = heartbeatDetails === undefined || ended.status !== 'failed' ? undefined : await encodePayload(codec, heartbeatDetails);
      ending = await encodedEnding(codec, endingOf(ended));
    } catch (cause) {
      ending = { status: 'failed', failure: toFailure(applicationFailure({ message: 'The outcome could not be encoded.', type: ACTIVITY_FAILURE_TYPE.payloadCodec, cause })) };
    }
    const outcome: ActivityOutcome = {
      ...this.outcomeOf(job, startedAtMs),
      ...(ended.status === 'completed' && ended.success.repeated ? { repeated: true } : {}),
      ...(details === undefined ? {} : { heartbeatDetails: details }),
      outcome: ending,
    };
    await this.parts.batcher.send(job.replyTo, outcome, ended.status === 'completed' ? ended.success.resultBytes : 0);
  }
}
