import { decodePayload, decodePayloads, encodePayload, FAILURE_TYPE, traceIdOf, type JsonValue } from '@backstitch/protocol';
import type { ValueConversion } from '@backstitch/protocol/payloads';
import { HandBackError, heartbeatDetailsOf, type BoundHandler, type Delivery, type JobQueues, type QueueLogger } from '@backstitch/queues';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { AttemptInfo } from '../context/attempt-info.js';
import { Context } from '../context/context.js';
import type { MetricMeter } from '../context/metric-meter.js';
import type { ActivityMode } from '../decorators/activity-options.js';
import { applicationFailure, ApplicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { attemptTimeout } from '../errors/timeout-failure.js';
import { toFailure } from '../errors/to-failure.js';
import { serviceUnavailable } from '../inbox/database-errors.js';
import type { Inbox } from '../inbox/inbox.js';
import { inputHash } from '../inbox/input-hash.js';
import { serializePayload } from '../inbox/serialize-payload.js';
import { Session } from '../inbox/session.js';
import type { ActivityObserver } from '../observability/activity-observer.js';
import { withFields } from '../observability/with-fields.js';
import type { StatementRunner } from '../statement/statement-runner.js';
import { activityJobSchema, routingSchema, type ReceivedActivityJob } from './activity-job-schema.js';
import type { Attempt, AttemptSuccess, HandlerScope } from './attempt.js';
import { AttemptControl } from './attempt-control.js';
import { endedBy, failureTypeOf, isRefusal, modeOf, type Ended } from './attempt-ending.js';
import { AttemptReplies, type AttemptRepliesParts } from './attempt-replies.js';
import { Heartbeats } from './heartbeats.js';
import { AttemptFailedError, InvalidEnvelopeError } from './job-errors.js';
import { runExternal } from './run-external.js';
import { runInTransaction } from './run-in-transaction.js';
import { runStatement } from './run-statement.js';

export interface ActivityWorkerParts extends AttemptRepliesParts {
  dataSource: DataSource;
  inbox: Inbox;
  statements: StatementRunner;
  queues: Pick<JobQueues, 'cancelRequested' | 'heartbeat'>;
  observer: ActivityObserver;
  /** Throws what the attempt is to fail with if a job that was put on its queue at that time came too late. */
  refuseExpired: (addedAtMs: number) => void;
  /** Values pass through it where they are not plain JSON. */
  conversion?: ValueConversion;
  taskTokenSecret?: string;
  metricMeter?: MetricMeter;
  /** For `getClient()`. */
  client?: unknown;
}

/** An attempt that is being made. */
interface Running {
  job: ReceivedActivityJob;
  control: AttemptControl;
  startedAtMs: number;
  /** The engine has been told of it. */
  reported: boolean;
}

/** An attempt that takes longer is told to the engine, which then enforces its start-to-close time-out whoever dies; told with the next renewal of locks. */
const LONG_ATTEMPT_MS = 3_000;
/** The payloads of a step that an undo's input is made of. */
const UNDO_INPUT_DEPTH = 1;

/**
 * Makes attempts. For each delivery of a job: the handler runs under the inbox, the outcome is sent, and only then is the job acknowledged, or
 * failed, so that Bull Board shows what happened.
 */
export class ActivityWorker {
  private readonly running = new Map<string, Running>();
  private stopping = false;

  private readonly replies: AttemptReplies;

  constructor(private readonly parts: ActivityWorkerParts) {
    this.replies = new AttemptReplies(parts);
  }

  /** @throws {AttemptFailedError} after the failed outcome was sent; @throws {InvalidEnvelopeError} */
  async process(delivery: Delivery, handler: BoundHandler | undefined): Promise<void> {
    const parsed = activityJobSchema.safeParse(delivery.data);
    if (!parsed.success) return this.refuse(delivery, parsed.error);
    const job = parsed.data;
    const startedAtMs = Date.now();
    const fact = { taskQueue: delivery.queueName, activityType: job.activityType, attempt: job.attempt };
    const log = withFields(this.parts.logger, () => ({
      workflowId: job.workflowId,
      runId: job.runId,
      activityType: job.activityType,
      attempt: job.attempt,
      key: job.key,
      traceId: traceIdOf(job.traceparent),
    }));
    this.parts.observer.attemptStarted?.(fact);
    const control = new AttemptControl(job);
    if (this.stopping) control.requestShutdown();
    const running: Running = { job, control, startedAtMs, reported: false };
    this.running.set(delivery.jobId, running);
    // Taken is begun; but signs of life are asked for only from when the handler is called, which may have to wait for the lock on its key.
    if (job.scheduleToStartTimeoutMs !== undefined && job.heartbeatTimeoutMs === undefined) this.report(running);
    let ended: Ended;
    try {
      ended = await this.attempt(delivery, running, handler, log);
    } finally {
      control.dispose();
      this.running.delete(delivery.jobId);
    }
    const durationMs = Date.now() - startedAtMs;
    const status = ended.status === 'completed' && ended.success.repeated ? 'repeated' : ended.status;
    this.parts.observer.attemptEnded?.({ ...fact, status, durationMs, ...(ended.status === 'failed' ? { failureType: failureTypeOf(ended.failure) } : {}) });
    if (ended.status === 'failed' && !isRefusal(ended.failure)) log.warn({ failure: ended.failure, durationMs }, 'activity attempt failed');
    // A refusal is the handler's answer, and stands in the history of its workflow.
    else if (ended.status === 'failed') log.debug({ failure: ended.failure, durationMs }, 'activity attempt refused');
    else log.debug({ status, durationMs }, 'activity attempt ended');

    if (ended.status === 'handedBack') throw new HandBackError('the service stops');
    await this.replies.reply(job, ended, startedAtMs, control.heartbeatDetails);
    if (ended.status === 'failed') throw new AttemptFailedError(ended.failure);
  }

  /** Tells all attempts under way that the service stops. */
  requestShutdown(): void {
    this.stopping = true;
    for (const { control } of this.running.values()) control.requestShutdown();
  }

  /** Ends all attempts under way, but for those that are being committed: their jobs are handed back. */
  handBack(): void {
    for (const { control } of this.running.values()) control.end(new HandBackError('the time of grace is over'));
  }

  /** Locks were renewed: tells the engine of attempts that take long, and looks whether the cancellation of any was requested. Never rejects. */
  async locksRenewed(queueName: string, jobIds: readonly string[]): Promise<void> {
    const longAgoMs = Date.now() - LONG_ATTEMPT_MS;
    for (const jobId of jobIds) {
      const running = this.running.get(jobId);
      if (running !== undefined && !running.reported && running.startedAtMs <= longAgoMs && running.control.isHandling && running.job.startToCloseTimeoutMs !== undefined) this.report(running);
    }
    await this.checkCancellation(queueName, jobIds);
  }

  private async checkCancellation(queueName: string, jobIds: readonly string[]): Promise<void> {
    const running = jobIds.filter((jobId) => this.running.get(jobId)?.control.isCancelRequested === false);
    if (running.length === 0) return;
    try {
      for (const jobId of await this.parts.queues.cancelRequested(queueName, running)) this.running.get(jobId)?.control.requestCancel();
    } catch (error) {
      this.parts.logger.warn({ err: error, queue: queueName }, 'could not look for requests to cancel');
    }
  }

  private async attempt(delivery: Delivery, running: Running, handler: BoundHandler | undefined, log: QueueLogger): Promise<Ended> {
    const { job, control, startedAtMs } = running;
    const sessions = new Set<Session>();
    const stopWatching = control.onEnd(() => sessions.forEach((session) => session.kill()));
    let stopRacing: (() => void) | undefined;
    try {
      this.parts.refuseExpired(delivery.addedAtMs);
      if (handler === undefined) {
        throw ApplicationFailure.retryable(
          `Queue "${delivery.queueName}" has no handler for activity "${job.activityType}" here.`,
          FAILURE_TYPE.activityNotRegistered,
        );
      }
      if (job.scheduleToCloseDeadlineMs !== undefined && job.scheduleToCloseDeadlineMs <= startedAtMs) throw attemptTimeout('SCHEDULE_TO_CLOSE');
      const input = this.parts.codec === undefined ? job.input : await this.decoded(job);
      const attempt: Attempt = {
        claim: {
          key: job.key,
          activityType: job.activityType,
          inputHash: inputHash(input),
          undoOf: job.undoOf,
          supersedesKey: job.supersedesKey,
        },
        control,
        inbox: this.parts.inbox,
        statements: this.parts.statements,
        isFirstDelivery: isFirstDelivery(delivery, job),
        openSession: async () => {
          const session = new Session(this.parts.dataSource, (error) => control.end(serviceUnavailable(error)));
          sessions.add(session);
          await session.open();
          return session;
        },
        handle: (scope) => this.handle(delivery, running, handler, log, scope, input),
      };
      const work = runnerOf[modeOf(handler)](attempt);
      // If a time limit wins, the work still fails some time, and nobody is interested any more.
      const success = await new Promise<AttemptSuccess>((resolve, reject) => {
        stopRacing = control.onEnd(reject);
        work.then(resolve, reject);
      });
      return { status: 'completed', success };
    } catch (error) {
      return endedBy(error, control, handler);
    } finally {
      stopWatching();
      stopRacing?.();
    }
  }

  private handle(delivery: Delivery, running: Running, handler: BoundHandler, log: QueueLogger, scope: HandlerScope, input: JsonValue[]): Promise<unknown> {
    const { job, control, startedAtMs } = running;
    const { parts } = this;
    control.beginHandling();
    const needsReport = job.heartbeatTimeoutMs !== undefined || job.scheduleToStartTimeoutMs !== undefined || (delivery.timesTaken > 1 && job.startToCloseTimeoutMs !== undefined);
    if (needsReport && !running.reported) this.report(running);
    let heartbeats: Heartbeats | undefined;
    const call = (heartbeatDetails: JsonValue | undefined): Promise<unknown> => {
      const info = new AttemptInfo({
        job,
        taskQueue: delivery.queueName,
        startedAtMs,
        addedAtMs: delivery.addedAtMs,
        heartbeatDetails,
        claimed: scope.claimed,
        taskTokenSecret: parts.taskTokenSecret,
      });
      const context = new Context({
        info,
        log,
        signal: () => control.signal,
        mode: modeOf(handler),
        manager: 'manager' in scope ? scope.manager : undefined,
        external: 'external' in scope ? scope.external : undefined,
        cancellationDetails: () => control.cancellationDetails,
        metricMeter: parts.metricMeter,
        client: parts.client,
        onHeartbeat: (details) => {
          const value = details === undefined ? undefined : serializePayload('The heartbeat', details).value;
          control.recordHeartbeat(value);
          heartbeats ??= this.heartbeatsOf(delivery, running);
          heartbeats.beat(value);
        },
      });
      if (parts.conversion === undefined) return Context.run(context, () => handler.invoke(input));
      return this.handleConverted(parts.conversion, handler, context, input);
    };
    const details = job.heartbeatDetails ?? (delivery.timesTaken > 1 ? (heartbeatDetailsOf(delivery.progress) as JsonValue | undefined) : undefined);
    return parts.codec === undefined || details === undefined ? call(details) : decodePayload(parts.codec, details).then(call);
  }

  /** As the handler is called, but that it sees, and answers, values of more kinds than JSON has. What a statement gives stays JSON. */
  private async handleConverted(conversion: ValueConversion, handler: BoundHandler, context: Context, input: JsonValue[]): Promise<unknown> {
    const args = input.map((value) => conversion.fromJson(value) as JsonValue);
    const result = await Context.run(context, () => handler.invoke(args));
    return modeOf(handler) === 'statement' ? result : conversion.toJson(result);
  }

  private heartbeatsOf(delivery: Delivery, running: Running): Heartbeats {
    const { job, control } = running;
    const heartbeats = new Heartbeats({
      heartbeatTimeoutMs: job.heartbeatTimeoutMs,
      show: (details) => void this.showProgress(delivery, control, details),
      report: () => this.report(running),
    });
    control.onDispose(() => heartbeats.stop());
    return heartbeats;
  }

  private async showProgress(delivery: Delivery, control: AttemptControl, details: JsonValue | undefined): Promise<void> {
    const { codec, queues, logger } = this.parts;
    try {
      const shown = codec === undefined || details === undefined ? details : await encodePayload(codec, details);
      if (await queues.heartbeat(delivery.queueName, delivery.jobId, shown)) control.requestCancel();
    } catch (error) {
      logger.warn({ err: error, queue: delivery.queueName }, 'a heartbeat could not be shown');
    }
  }

  /** Tells the engine that the attempt is under way. */
  private report(running: Running): void {
    running.reported = true;
    this.replies.reportRunning(running.job, running.startedAtMs, running.control.heartbeatDetails);
  }

  /** @throws {ApplicationFailure} payloadInvalid, retryable: the codec may know better later */
  private async decoded(job: ReceivedActivityJob): Promise<JsonValue[]> {
    try {
      return await decodePayloads(this.parts.codec, job.input, job.undoOf === undefined ? 0 : UNDO_INPUT_DEPTH);
    } catch (cause) {
      throw applicationFailure({ message: 'The input could not be decoded.', type: ACTIVITY_FAILURE_TYPE.payloadCodec, cause });
    }
  }

  /** An envelope that is not understood fails its job, and tells whoever waits for it if that much can be read. */
  private async refuse(delivery: Delivery, violations: z.ZodError): Promise<never> {
    const error = new InvalidEnvelopeError(delivery.queueName, delivery.jobId, z.prettifyError(violations));
    this.parts.logger.error({ err: error, queue: delivery.queueName, jobId: delivery.jobId }, 'a job on the queue is no envelope of this version');
    const routing = routingSchema.safeParse(delivery.data);
    if (routing.success) {
      const failure = toFailure(ApplicationFailure.nonRetryable(error.message, FAILURE_TYPE.invalidEnvelope));
      await this.replies.reply(routing.data, { status: 'failed', failure }, Date.now());
    }
    throw error;
  }
}

/** As far as the job can tell: an edit has to look first, and so has whatever was sent, taken or tried before. */
function isFirstDelivery({ timesTaken }: Delivery, job: ReceivedActivityJob): boolean {
  return timesTaken === 1 && job.attempt === 1 && job.dispatch === 1 && job.supersedesKey === undefined;
}

const runnerOf: Record<ActivityMode, (attempt: Attempt) => Promise<AttemptSuccess>> = {
  transaction: runInTransaction,
  external: runExternal,
  statement: runStatement,
};
