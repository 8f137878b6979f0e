import type { ActivityOutcome, Failure, JsonValue } from '@backstitch/protocol';
import { InMemoryLocks } from '../workflow-harness/in-memory-locks.js';
import type { Course } from './course.js';
import type { QueuedEvent } from './event-queue.js';
import { quoted, type QueuedJob, type QueueListener, type SimulatedQueues } from './simulated-queues.js';
import type { SimulatedAttempt, SimulatedServicesPort } from './simulated-services-port.js';
import type { FaultKind } from './schedule.js';

const FREEZE_MS = 45_000;
/** A step that is slow takes so much longer than its limit. */
const BEYOND_LIMIT_MS = 5_000;
/** An attempt that takes longer is told to the engine. */
const LONG_ATTEMPT_MS = 3_000;
const REPLY_AGAIN_MS = 5_000;
const REPLY_LATE_MS = 60_000;
/** Until a reply that was not acknowledged is handed to the next orchestrator. */
const REPLY_STALLED_MS = 30_000;

const WORKER_FAULTS: readonly FaultKind[] = ['worker-crash', 'worker-freeze'];
const LIMITED_WORKER_FAULTS: readonly FaultKind[] = [...WORKER_FAULTS, 'worker-slow'];
const REPLY_FAULTS: readonly FaultKind[] = ['reply-lost', 'reply-twice', 'reply-late', 'unacknowledged'];

type TimeLimit = Parameters<SimulatedAttempt['timeOut']>[0];

/**
 * An attempt in a worker's hands.
 *
 * running → replied (its job is acknowledged; a zombie goes on all the same) or gone (its process died)
 */
interface Running {
  readonly job: QueuedJob;
  readonly attempt: SimulatedAttempt;
  readonly startedAtMs: number;
  frozenUntilMs: number;
  hasReplied: boolean;
  isGone: boolean;
  isReported: boolean;
  /** That it goes on as a zombie. */
  isTold: boolean;
  heartbeatDetails: JsonValue | undefined;
  heartbeatLimit: QueuedEvent | undefined;
  readonly limits: QueuedEvent[];
}

export interface SimulatedWorkersOptions<State> {
  course: Course;
  services: SimulatedServicesPort<State>;
  /** Brings an outcome to the orchestrators, who ask for it again if they lose it. */
  deliver: (outcome: ActivityOutcome, lostAfterMs: number) => void;
  lost: () => void;
}

/** Workers that take jobs, make attempts step by step and reply. Between two steps each of them can die, stand still or be slow. */
export class SimulatedWorkers<State> implements QueueListener {
  /** To be set before anything happens. */
  queues!: SimulatedQueues;
  readonly #running = new Set<Running>();
  readonly #locks: InMemoryLocks;

  constructor(private readonly options: SimulatedWorkersOptions<State>) {
    this.#locks = new InMemoryLocks(
      () => options.course.clock.now(),
      async (outcome) => options.deliver(outcome, REPLY_STALLED_MS),
    );
  }

  taken(job: QueuedJob): void {
    const { course, services } = this.options;
    const activityJob = job.dispatch.job;
    const nowMs = course.clock.now();
    job.timesTaken += 1;
    const { startToCloseTimeoutMs, scheduleToCloseDeadlineMs, heartbeatTimeoutMs, scheduleToStartTimeoutMs } = activityJob;
    if (scheduleToCloseDeadlineMs !== undefined && scheduleToCloseDeadlineMs <= nowMs) {
      const failure = { message: 'activity timed out: SCHEDULE_TO_CLOSE', timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_CLOSE' as const } };
      this.#reply(job, { outcome: { status: 'failed', failure } }, nowMs);
      return;
    }
    const attempt = services.begin(activityJob);
    const running: Running = {
      job,
      attempt,
      startedAtMs: nowMs,
      frozenUntilMs: 0,
      hasReplied: false,
      isGone: false,
      isReported: false,
      isTold: false,
      heartbeatDetails: undefined,
      heartbeatLimit: undefined,
      limits: [],
    };
    this.#running.add(running);
    if (startToCloseTimeoutMs !== undefined) {
      this.#limit(running, nowMs + startToCloseTimeoutMs, 'START_TO_CLOSE');
      running.limits.push(course.later(LONG_ATTEMPT_MS, () => this.#reportLong(running)));
    }
    if (scheduleToCloseDeadlineMs !== undefined) {
      this.#limit(running, scheduleToCloseDeadlineMs, 'SCHEDULE_TO_CLOSE');
    }
    this.#armHeartbeat(running);
    if (heartbeatTimeoutMs !== undefined || scheduleToStartTimeoutMs !== undefined || (job.timesTaken > 1 && startToCloseTimeoutMs !== undefined)) {
      this.#report(running);
    }
    course.later(0, () => this.#step(running));
  }

  answered(job: QueuedJob, outcome: ActivityOutcome['outcome']): void {
    job.timesTaken += 1;
    this.#reply(job, { outcome }, this.options.course.clock.now());
  }

  lockAsked(job: QueuedJob): void {
    this.queues.acknowledge(job);
    void this.#locks.take(job.dispatch.job);
  }

  lockWithdrawn(job: Parameters<QueueListener['lockWithdrawn']>[0]): boolean {
    return this.#locks.withdraw(job);
  }

  cancelRequested(jobId: string): void {
    for (const running of this.#running) {
      if (running.job.jobId === jobId && !running.isGone) {
        running.attempt.requestCancel();
      }
    }
  }

  lost(): void {
    this.options.lost();
  }

  async #step(running: Running): Promise<void> {
    const { attempt } = running;
    if (running.isGone || (running.hasReplied && !attempt.isZombie)) {
      return;
    }
    if (!attempt.isWaiting && !attempt.isZombie && this.#goesWrong(running)) {
      return;
    }
    await this.#advance(running);
  }

  /** Whether the attempt does not simply go on. */
  #goesWrong(running: Running): boolean {
    const { course } = this.options;
    const { attempt, job } = running;
    const limitMs = attempt.job.startToCloseTimeoutMs;
    const subject = (): string => `${quoted(job)}, ${attempt.pointText}`;
    const fault = course.pass(`${job.name}@${attempt.point}`, limitMs === undefined ? WORKER_FAULTS : LIMITED_WORKER_FAULTS, subject);
    switch (fault) {
      case 'worker-crash':
        this.#goes(running);
        this.queues.handOutAgain(job);
        return true;
      case 'worker-freeze':
        running.frozenUntilMs = course.clock.now() + FREEZE_MS;
        this.queues.handOutAgain(job);
        course.later(FREEZE_MS, () => this.#advance(running));
        return true;
      case 'worker-slow':
        course.at(running.startedAtMs + (limitMs ?? 0) + BEYOND_LIMIT_MS, () => this.#advance(running));
        return true;
      default:
        return false;
    }
  }

  async #advance(running: Running): Promise<void> {
    const { course } = this.options;
    const { attempt } = running;
    if (running.isGone || (running.hasReplied && !attempt.isZombie)) {
      return;
    }
    const hasWaited = attempt.isWaiting;
    if (attempt.isZombie && !running.isTold) {
      running.isTold = true;
      course.tell(`${quoted(running.job)} goes on, though its time was up`);
    }
    await attempt.advance();
    if (running.isGone) {
      return;
    }
    this.#takeHeartbeat(running);
    if (!attempt.isWaiting) {
      this.#moved();
    }
    this.#replyIfEnded(running);
    if (attempt.ended === undefined || attempt.isZombie) {
      if (!attempt.isWaiting) {
        course.later((attempt.wakeAtMs ?? 0) - course.clock.now(), () => this.#step(running));
      } else if (!hasWaited) {
        // It goes on when another one has moved.
        return;
      }
    } else {
      this.#over(running);
    }
  }

  /** Whoever waits for a lock may have it now. */
  #moved(): void {
    for (const running of this.#running) {
      if (running.attempt.isWaiting && !running.isGone) {
        this.options.course.later(0, () => (running.attempt.isWaiting ? this.#advance(running) : undefined));
      }
    }
  }

  #replyIfEnded(running: Running): void {
    const { ended } = running.attempt;
    if (ended !== undefined && !running.hasReplied) {
      running.hasReplied = true;
      this.#stopLimits(running);
      this.#reply(running.job, ended, running.startedAtMs);
    }
  }

  #reply(job: QueuedJob, ended: NonNullable<SimulatedAttempt['ended']>, startedAtMs: number): void {
    const { course, deliver, lost } = this.options;
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key, startToCloseTimeoutMs } = job.dispatch.job;
    const { heartbeatDetails, repeated } = ended;
    const outcome = withoutStacks(ended.outcome);
    const reply: ActivityOutcome = {
      ...{ workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs, finishedAtMs: course.clock.now(), identity: 'explorer', outcome },
      ...(repeated === true ? { repeated } : {}),
      ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
    };
    const send = (): void => deliver(reply, REPLY_STALLED_MS);
    course.tell(`${quoted(job)} ${inWords(outcome)}${repeated === true ? ' (as before)' : ''}`);
    const fault = course.pass(`${job.name}@reply`, REPLY_FAULTS, () => `${quoted(job)} replies`);
    if (fault === 'unacknowledged') {
      this.queues.handOutAgain(job);
    } else {
      this.queues.acknowledge(job);
    }
    switch (fault) {
      case 'reply-lost':
        lost();
        return;
      case 'reply-twice':
        course.later(0, send);
        course.later(REPLY_AGAIN_MS, send);
        return;
      case 'reply-late':
        course.later((startToCloseTimeoutMs ?? 0) + REPLY_LATE_MS, send);
        return;
      default:
        course.later(0, send);
    }
  }

  #takeHeartbeat(running: Running): void {
    const heartbeat = running.attempt.takeHeartbeat();
    if (heartbeat !== undefined) {
      running.heartbeatDetails = heartbeat.details ?? running.heartbeatDetails;
      this.#armHeartbeat(running);
      this.#report(running);
    }
  }

  #armHeartbeat(running: Running): void {
    const { heartbeatTimeoutMs } = running.attempt.job;
    if (heartbeatTimeoutMs !== undefined) {
      this.options.course.cancel(running.heartbeatLimit);
      running.heartbeatLimit = this.options.course.later(heartbeatTimeoutMs, () => this.#timeIsUp(running, 'HEARTBEAT'));
    }
  }

  #limit(running: Running, atMs: number, timeLimit: TimeLimit): void {
    running.limits.push(this.options.course.at(atMs, () => this.#timeIsUp(running, timeLimit)));
  }

  #timeIsUp(running: Running, timeLimit: TimeLimit): void {
    if (running.isGone || running.hasReplied) {
      return;
    }
    const { course } = this.options;
    if (course.clock.now() < running.frozenUntilMs) {
      // A process that stands still sees no time go by; when it goes on, its handler may be faster than its clock.
      this.#limit(running, running.frozenUntilMs, timeLimit);
      return;
    }
    running.attempt.timeOut(timeLimit);
    this.#moved();
    this.#replyIfEnded(running);
    if (running.attempt.ended !== undefined && !running.attempt.isZombie) {
      this.#over(running);
    }
  }

  #reportLong(running: Running): void {
    const { course } = this.options;
    if (running.isReported || running.hasReplied || running.isGone) {
      return;
    }
    if (course.clock.now() >= running.frozenUntilMs) {
      this.#report(running);
    }
  }

  /** Tells the engine that the attempt is under way. */
  #report(running: Running): void {
    const { course, deliver } = this.options;
    running.isReported = true;
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key } = running.job.dispatch.job;
    const { startedAtMs, heartbeatDetails } = running;
    const address = { workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs, finishedAtMs: course.clock.now(), identity: 'explorer' };
    course.later(0, () => deliver({ ...address, ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }), outcome: { status: 'running' } }, REPLY_STALLED_MS));
  }

  #goes(running: Running): void {
    running.isGone = true;
    running.attempt.crash();
    this.#over(running);
    this.#moved();
  }

  #over(running: Running): void {
    this.#running.delete(running);
    this.#stopLimits(running);
  }

  #stopLimits(running: Running): void {
    const { course } = this.options;
    running.limits.forEach((limit) => course.cancel(limit));
    course.cancel(running.heartbeatLimit);
  }
}

function inWords(outcome: ActivityOutcome['outcome']): string {
  switch (outcome.status) {
    case 'completed':
      return 'completes';
    case 'failed':
      return `fails: ${outcome.failure.message}`;
    case 'canceled':
      return 'gives up, since it was cancelled';
    case 'running':
      return outcome.completesOutside === true ? 'is to be completed from outside' : 'is under way';
    default:
      return outcome satisfies never;
  }
}

/** A stack tells of the machine, and of whoever called: it is not the same in each course of things. */
function withoutStacks(outcome: ActivityOutcome['outcome']): ActivityOutcome['outcome'] {
  return outcome.status === 'failed' ? { status: 'failed', failure: withoutStack(outcome.failure) } : outcome;
}

function withoutStack({ stackTrace: _stackTrace, cause, ...failure }: Failure): Failure {
  return cause === undefined ? failure : { ...failure, cause: withoutStack(cause) };
}
