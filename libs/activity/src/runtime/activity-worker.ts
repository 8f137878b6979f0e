import { FAILURE_TYPE, traceIdOf, type ActivityOutcome, type Failure, type JsonValue } from '@backstitch/protocol';
import { type BoundHandler, type Delivery, type JobQueues, type QueueLogger } from '@backstitch/queues';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { ActivityInfo } from '../context/activity-info.js';
import { Context } from '../context/context.js';
import type { ActivityMode, ResolvedActivityOptions } from '../decorators/activity-options.js';
import { ApplicationFailure } from '../errors/application-failure.js';
import { CancelledFailure } from '../errors/cancelled-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { TimeoutFailure } from '../errors/timeout-failure.js';
import { toFailure } from '../errors/to-failure.js';
import { isConnectionLoss, serviceUnavailable } from '../inbox/database-errors.js';
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
import { AttemptFailedError, InvalidEnvelopeError } from './job-errors.js';
import type { OutcomeBatcher } from './outcome-batcher.js';
import { runExternal } from './run-external.js';
import { runInTransaction } from './run-in-transaction.js';
import { runStatement } from './run-statement.js';

export interface ActivityWorkerParts {
  dataSource: DataSource;
  inbox: Inbox;
  statements: StatementRunner;
  queues: Pick<JobQueues, 'cancelRequested'>;
  batcher: OutcomeBatcher;
  logger: QueueLogger;
  observer: ActivityObserver;
  /** Throws what the attempt is to fail with if a job that was put on its queue at that time came too late. */
  refuseExpired: (addedAtMs: number) => void;
  /** E.g. `inventory@host:4711`. */
  identity: string;
}

type Ended =
  | { status: 'completed'; success: AttemptSuccess }
  | { status: 'failed'; failure: Failure }
  | { status: 'canceled'; details: JsonValue[] };

/** A heartbeat asks whether cancellation was requested, at most so often. */
const CANCEL_CHECK_INTERVAL_MS = 1_000;
const OWN_TYPES: ReadonlySet<string> = new Set(Object.values(ACTIVITY_FAILURE_TYPE));

/**
 * Makes attempts. For each delivery of a job: the handler runs under the inbox, the outcome is sent, and only then is the job acknowledged, or
 * failed, so that Bull Board shows what happened.
 */
export class ActivityWorker {
  private readonly running = new Map<string, AttemptControl>();

  constructor(private readonly parts: ActivityWorkerParts) {}

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
    this.running.set(delivery.jobId, control);
    let ended: Ended;
    try {
      ended = await this.attempt(delivery, job, handler, control, log, startedAtMs);
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

    await this.reply(job, ended, startedAtMs, control.heartbeatDetails);
    if (ended.status === 'failed') throw new AttemptFailedError(ended.failure);
  }

  /** Looks whether the cancellation of running jobs was requested. Never rejects. */
  async checkCancellation(queueName: string, jobIds: readonly string[]): Promise<void> {
    const running = jobIds.filter((jobId) => this.running.get(jobId)?.isCancelRequested === false);
    if (running.length === 0) return;
    try {
      for (const jobId of await this.parts.queues.cancelRequested(queueName, running)) this.running.get(jobId)?.requestCancel();
    } catch (error) {
      this.parts.logger.warn({ err: error, queue: queueName }, 'could not look for requests to cancel');
    }
  }

  private async attempt(
    delivery: Delivery,
    job: ReceivedActivityJob,
    handler: BoundHandler | undefined,
    control: AttemptControl,
    log: QueueLogger,
    startedAtMs: number,
  ): Promise<Ended> {
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
      if (job.scheduleToCloseDeadlineMs !== undefined && job.scheduleToCloseDeadlineMs <= startedAtMs) throw new TimeoutFailure('SCHEDULE_TO_CLOSE');
      const attempt: Attempt = {
        claim: {
          key: job.key,
          activityType: job.activityType,
          inputHash: inputHash(job.input),
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
        handle: (scope) => this.handle(delivery, job, handler, control, log, startedAtMs, scope),
      };
      const work = runnerOf[modeOf(handler)](attempt);
      // If a time limit wins, the work still fails some time, and nobody is interested any more.
      const success = await new Promise<AttemptSuccess>((resolve, reject) => {
        stopRacing = control.onEnd(reject);
        work.then(resolve, reject);
      });
      return { status: 'completed', success };
    } catch (error) {
      return endedBy(error, control);
    } finally {
      stopWatching();
      stopRacing?.();
    }
  }

  private handle(
    delivery: Delivery,
    job: ReceivedActivityJob,
    handler: BoundHandler,
    control: AttemptControl,
    log: QueueLogger,
    startedAtMs: number,
    scope: HandlerScope,
  ): Promise<unknown> {
    const info: ActivityInfo = {
      key: job.key,
      attempt: job.attempt,
      workflowId: job.workflowId,
      runId: job.runId,
      workflowType: job.workflowType,
      activityId: job.activityId,
      activityType: job.activityType,
      taskQueue: delivery.queueName,
      scheduledAtMs: job.scheduledAtMs,
      startedAtMs,
      startToCloseTimeoutMs: job.startToCloseTimeoutMs,
      heartbeatTimeoutMs: job.heartbeatTimeoutMs,
      heartbeatDetails: job.heartbeatDetails,
      checkpoint: scope.claimed.checkpoint,
      startedBefore: scope.claimed.startedBefore,
      undo: scope.claimed.undo,
      superseded: scope.claimed.superseded,
      traceparent: job.traceparent,
    };
    let lastCancelCheckAtMs = startedAtMs;
    const context = new Context({
      info,
      log,
      signal: () => control.signal,
      mode: modeOf(handler),
      manager: 'manager' in scope ? scope.manager : undefined,
      external: 'external' in scope ? scope.external : undefined,
      onHeartbeat: (details) => {
        control.recordHeartbeat(details === undefined ? undefined : serializePayload('The heartbeat', details).value);
        const nowMs = Date.now();
        if (nowMs - lastCancelCheckAtMs < CANCEL_CHECK_INTERVAL_MS) return;
        lastCancelCheckAtMs = nowMs;
        void this.checkCancellation(delivery.queueName, [delivery.jobId]);
      },
    });
    return Context.run(context, () => handler.invoke(job.input));
  }

  private async reply(job: z.output<typeof routingSchema>, ended: Ended, startedAtMs: number, heartbeatDetails?: JsonValue): Promise<void> {
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
      outcome:
        ended.status === 'completed'
          ? { status: 'completed', result: ended.success.result }
          : ended.status === 'failed'
            ? { status: 'failed', failure: ended.failure }
            : { status: 'canceled', details: ended.details },
    };
    await this.parts.batcher.send(job.replyTo, outcome, ended.status === 'completed' ? ended.success.resultBytes : 0);
  }

  /** An envelope that is not understood fails its job, and tells whoever waits for it if that much can be read. */
  private async refuse(delivery: Delivery, violations: z.ZodError): Promise<never> {
    const error = new InvalidEnvelopeError(delivery.queueName, delivery.jobId, z.prettifyError(violations));
    this.parts.logger.error({ err: error, queue: delivery.queueName, jobId: delivery.jobId }, 'a job on the queue is no envelope of this version');
    const routing = routingSchema.safeParse(delivery.data);
    if (routing.success) {
      const failure = toFailure(ApplicationFailure.nonRetryable(error.message, FAILURE_TYPE.invalidEnvelope));
      await this.reply(routing.data, { status: 'failed', failure }, Date.now());
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

function modeOf(handler: BoundHandler): ActivityMode {
  return (handler.extras.activity as ResolvedActivityOptions | undefined)?.mode ?? 'transaction';
}

function endedBy(error: unknown, control: AttemptControl): Ended {
  if (error instanceof CancelledFailure) return { status: 'canceled', details: error.details };
  // What fetch and others throw when their signal is aborted.
  if (control.isCancelRequested && error instanceof Error && error.name === 'AbortError') return { status: 'canceled', details: [] };
  return { status: 'failed', failure: toFailure(isConnectionLoss(error) ? serviceUnavailable(error) : error) };
}

/** The handler has said no, for good: nothing is wrong with the service. What this library refuses is told from that by its type. */
function isRefusal({ applicationFailureInfo }: Failure): boolean {
  return applicationFailureInfo?.nonRetryable === true && !OWN_TYPES.has(applicationFailureInfo.type ?? '');
}

function failureTypeOf(failure: Failure): string | undefined {
  return failure.applicationFailureInfo?.type ?? failure.timeoutFailureInfo?.timeoutType;
}
