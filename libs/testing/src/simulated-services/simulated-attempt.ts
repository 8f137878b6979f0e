import {
  ACTIVITY_FAILURE_TYPE,
  ApplicationFailure,
  AttemptInfo,
  attemptTimeout,
  CancelledFailure,
  inputHash,
  toFailure,
  type Claim,
} from '@backstitch/activity/simulation';
import type { ActivityJob, ActivityOutcome, JsonValue } from '@backstitch/protocol';
import { stepsOf, type StepsResult } from './attempt-steps.js';
import { lockedBy, type InMemoryInbox } from './in-memory-inbox.js';
import { copyOfData, type SharedState } from './shared-state.js';
import type { SimulatedActivity } from './simulated-activity.js';
import type { SteppedCall, Stop } from './stepped-call.js';

/** What a worker replies. */
export interface AttemptReply {
  outcome: ActivityOutcome['outcome'];
  /** Details of the last heartbeat, of attempts that failed. */
  heartbeatDetails?: JsonValue;
  repeated?: boolean;
}

/** What an attempt finds around it. */
export interface AttemptSurroundings<State extends object> {
  inbox: InMemoryInbox;
  shared: SharedState<State>;
  activity: SimulatedActivity<State> | undefined;
  now: () => number;
  /** What an earlier attempt, or delivery, is known to have sent. */
  heartbeatDetails: JsonValue | undefined;
  /** Called with each heartbeat that has details. */
  showProgress: (details: JsonValue) => void;
}

const BEGUN: Stop = { point: 'begun', pointText: 'before it has looked into the inbox' };
const FAILED: Stop = { point: 'failed', pointText: 'after it has failed, before it replies' };
const ENDED: Stop = { point: 'ended', pointText: 'after it has replied' };

/**
 * One attempt of an activity by a simulated worker, taken step by step: between two steps its process may die, another attempt may move, or time may pass.
 *
 *   under way → ended    it replies
 *             → crashed  nothing is heard of it any more; what was not committed is gone, and its locks too
 *   ended → zombie       a time limit ended it, and its handler, which has effects of its own, goes on: they happen, and nobody is told
 *
 * Points: `begun` (may wait for a lock) → `claimed` (modes external and resumable) → those of the handler → `effect` → `committed`, `repeated` or `failed` → `ended`.
 */
export class SimulatedAttempt<State extends object> {
  readonly #claim: Claim;
  readonly #startedAtMs: number;
  readonly #controller = new AbortController();
  #stop: Stop = BEGUN;
  #ended: AttemptReply | undefined;
  #failure: unknown;
  #isCrashed = false;
  #isSealed = false;
  #isCancelRequested = false;
  #steps: AsyncGenerator<Stop, StepsResult, void> | undefined;
  #call: SteppedCall | undefined;
  #lastHeartbeat: JsonValue | undefined;
  #untold: { details?: JsonValue } | undefined;

  constructor(
    readonly job: ActivityJob,
    private readonly around: AttemptSurroundings<State>,
  ) {
    const { key, activityType, undoOf, supersedesKey } = job;
    this.#claim = { key, activityType, inputHash: inputHash(job.input), undoOf, supersedesKey };
    this.#startedAtMs = around.now();
  }

  /** Where it stands, in kebab-case: the same for the same course of things. */
  get point(): string {
    return this.#stop.point;
  }

  /** The same for a reader: completes "the worker dies …". */
  get pointText(): string {
    return this.#stop.pointText;
  }

  /** It waits for a lock that another attempt holds; `advance` does nothing meanwhile. */
  get isWaiting(): boolean {
    return this.#steps === undefined && this.#ended === undefined && !this.#isCrashed && !this.around.inbox.isFree(this, lockedBy(this.#claim));
  }

  /** What it replies, once it has ended. */
  get ended(): AttemptReply | undefined {
    return this.#ended;
  }

  /** Its handler goes on although it has ended. */
  get isZombie(): boolean {
    return this.#ended !== undefined && !this.#isSealed && !this.#isCrashed && this.#call !== undefined && !this.#call.isSettled;
  }

  /** It sleeps until then. */
  get wakeAtMs(): number | undefined {
    return this.#controller.signal.aborted ? undefined : this.#stop.wakeAtMs;
  }

  /** Runs to the next point, or to the end. Rejects never. */
  async advance(): Promise<void> {
    if (this.#isCrashed) return;
    if (this.#ended !== undefined) {
      if (this.isZombie) await this.#advanceZombie();
      return;
    }
    if (this.#stop === FAILED) return this.#end();
    try {
      this.#steps ??= this.#begin();
      if (this.#steps === undefined) return;
      // An external handler changes the state whenever it likes.
      if (this.#call !== undefined) this.around.shared.touch();
      const next = await this.#steps.next();
      if (next.done === true) this.#end(next.value);
      else this.#stop = next.value;
    } catch (error) {
      this.around.inbox.unlock(this);
      this.#failure = error;
      this.#stop = FAILED;
    }
  }

  /** Its process is gone, its handler never goes on. */
  crash(): void {
    this.#isCrashed = true;
    this.#stop = ENDED;
    this.around.inbox.unlock(this);
  }

  /** A limit has run out, and its worker notices: it ends, unless it is committed. */
  timeOut(timeoutType: 'START_TO_CLOSE' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT'): void {
    if (this.#isCrashed || this.#isSealed || this.#ended !== undefined) return;
    const reason = attemptTimeout(timeoutType, this.#lastHeartbeat);
    this.around.inbox.unlock(this);
    this.#failure = reason;
    this.#end();
    this.#controller.abort(reason);
  }

  /** Its cancellation is requested: aborts the signal, the handler decides. */
  requestCancel(): void {
    this.#isCancelRequested = true;
    this.#controller.abort(new CancelledFailure('CANCELLED'));
  }

  /** The newest heartbeat that was not asked for yet. */
  takeHeartbeat(): { details?: JsonValue } | undefined {
    const untold = this.#untold;
    this.#untold = undefined;
    return untold;
  }

  #begin(): AsyncGenerator<Stop, StepsResult, void> | undefined {
    const { job, around } = this;
    const { inbox, shared, activity } = around;
    if (activity === undefined) {
      throw ApplicationFailure.retryable(`No activity "${job.activityType}" was given.`, ACTIVITY_FAILURE_TYPE.activityNotRegistered);
    }
    if (job.scheduleToCloseDeadlineMs !== undefined && job.scheduleToCloseDeadlineMs <= this.#startedAtMs) throw attemptTimeout('SCHEDULE_TO_CLOSE');
    if (!inbox.lock(this, lockedBy(this.#claim))) return undefined;
    return stepsOf(
      {
        holder: this,
        claim: this.#claim,
        inbox,
        shared,
        scope: (claimed) => ({
          info: new AttemptInfo({ job, taskQueue: '', startedAtMs: this.#startedAtMs, addedAtMs: job.scheduledAtMs, heartbeatDetails: around.heartbeatDetails, claimed }),
          args: [],
          shared,
          inbox,
          signal: () => this.#controller.signal,
          isCutOff: () => this.#ended !== undefined,
          heartbeat: (details) => this.#heartbeat(details),
          now: around.now,
          rest: (stop) => this.#call?.rest(stop) ?? Promise.resolve(),
        }),
        args: () => copyOfData(job.input) as unknown[],
        begins: (call) => void (this.#call = call),
        seal: () => void (this.#isSealed = true),
      },
      activity,
    );
  }

  async #advanceZombie(): Promise<void> {
    this.around.shared.touch();
    this.#stop = (await this.#call?.advance()) ?? ENDED;
  }

  #heartbeat(details: JsonValue | undefined): void {
    if (this.#ended !== undefined) return;
    if (details !== undefined) {
      this.#lastHeartbeat = details;
      this.around.showProgress(details);
    }
    this.#untold = this.#lastHeartbeat === undefined ? {} : { details: this.#lastHeartbeat };
  }

  #end(success?: StepsResult): void {
    if (success !== undefined) {
      this.#ended = { outcome: { status: 'completed', result: success.result }, ...(success.repeated ? { repeated: true } : {}) };
    } else {
      const outcome = this.#outcomeOf(this.#failure);
      this.#ended = { outcome, ...(outcome.status !== 'failed' || this.#lastHeartbeat === undefined ? {} : { heartbeatDetails: this.#lastHeartbeat }) };
    }
    this.#stop = ENDED;
  }

  #outcomeOf(error: unknown): ActivityOutcome['outcome'] {
    if (error instanceof CancelledFailure) return { status: 'canceled', details: toFailure(error).canceledFailureInfo?.details ?? [] };
    // What fetch and others throw when their signal is aborted.
    if (this.#isCancelRequested && error instanceof Error && error.name === 'AbortError') return { status: 'canceled', details: [] };
    if (error instanceof Error && error.name === 'CompleteAsyncError' && this.around.activity?.mode === 'external') return { status: 'running', completesOutside: true };
    return { status: 'failed', failure: toFailure(error) };
  }
}
