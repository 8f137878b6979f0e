import { Context, type ActivityInfo } from '@backstitch/activity';
import type { ActivityJob, ActivityOutcome, JsonValue } from '@backstitch/protocol';
import { errorToFailure } from '@backstitch/protocol/failures';
import { makeTaskToken, taskTokenText } from '@backstitch/protocol/task-token';
import { activityLog } from './activity-log.js';
import { asJson } from './as-json.js';
import { attemptTimedOut, cancelledFailure, isAsyncCompletion, isCancelledFailure, workerShutdownFailure } from './attempt-failures.js';
import type { HarnessClock } from './harness-clock.js';

/** Any function can serve as an activity. */
export type ActivityFunction = (...args: never[]) => unknown;

/** What an attempt needs of its surroundings. */
export interface AttemptSurroundings {
  clock: HarnessClock;
  /** Seals the attempts' task tokens. */
  tokenSecret: string;
  identity: string;
  taskQueue: string;
  /** What `getClient()` gives. */
  client: unknown;
  /** Sends what is known of the attempt: signs of life, and how it ended. */
  tell: (outcome: ActivityOutcome) => Promise<void>;
}

/**
 * One attempt of an activity, made in this process: a function that runs with a Context.
 *
 * running → ended: the function returned or threw, a time limit passed, or the worker crashed. Nothing is told after that.
 */
export class ActivityAttempt {
  /** Made when it is first asked for. */
  #madeController: AbortController | undefined;
  readonly #startedAtMs: number;
  #heartbeatDetails: JsonValue | undefined;
  #lastHeartbeat: Promise<void> = Promise.resolve();
  #isEnded = false;
  #isCancelRequested = false;
  #isWorkerStopping = false;
  #releases: (() => void)[] = [];
  #stopHeartbeatTimer: () => void = () => undefined;
  /** While the function waits for this clock, it does not hold the present. */
  #release: () => void;

  constructor(
    readonly job: ActivityJob,
    private readonly around: AttemptSurroundings,
  ) {
    this.#startedAtMs = around.clock.now();
    this.#release = around.clock.hold();
  }

  /** Runs the function; resolves once its outcome is told. */
  async run(activity: ActivityFunction | undefined): Promise<void> {
    const { job } = this;
    this.#limit('START_TO_CLOSE', job.startToCloseTimeoutMs === undefined ? undefined : this.#startedAtMs + job.startToCloseTimeoutMs);
    this.#limit('SCHEDULE_TO_CLOSE', job.scheduleToCloseDeadlineMs);
    if (job.heartbeatTimeoutMs !== undefined) {
      this.#tellRunning();
      this.#armHeartbeatTimer();
    }
    try {
      if (activity === undefined) {
        throw Object.assign(new Error(`Activity function ${job.activityType} is not registered on this Worker.`), { name: 'NotFoundError' });
      }
      const result = await Context.run(this.#context(), async () => activity(...(job.input as never[])));
      await this.#end({ status: 'completed', result: asJson(result) });
    } catch (error) {
      if (isAsyncCompletion(error)) {
        await this.#end({ status: 'running', completesOutside: true });
      } else if (this.#isCancelRequested && isCancelledFailure(error)) {
        await this.#end({ status: 'canceled' });
      } else if (this.#isWorkerStopping && isCancelledFailure(error)) {
        await this.#end({ status: 'failed', failure: workerShutdownFailure() });
      } else {
        await this.#end({ status: 'failed', failure: errorToFailure(error) });
      }
    }
  }

  /** Its cancellation is requested: the function decides what that means. */
  cancel(): void {
    this.#isCancelRequested = true;
    this.#controller.abort(cancelledFailure());
  }

  /** The worker takes nothing more: the function is told, and another worker's attempt follows if it gives up. */
  workerStops(): void {
    this.#isWorkerStopping = true;
    this.#controller.abort(cancelledFailure('WORKER_SHUTDOWN'));
  }

  /** The worker's process is gone: nothing is heard of the attempt any more. */
  crash(): void {
    this.#close();
  }

  /** Waits on the harness' clock: meanwhile time can be skipped. */
  async sleep(durationMs: number): Promise<void> {
    this.#release();
    try {
      await this.around.clock.sleep(durationMs, this.#controller.signal);
    } finally {
      if (!this.#isEnded) {
        this.#release = this.around.clock.hold();
      }
    }
  }

  get #controller(): AbortController {
    return (this.#madeController ??= new AbortController());
  }

  #context(): Context {
    const info = infoOf(this.job, this.around, this.#startedAtMs);
    return new HarnessContext(
      {
        info,
        log: activityLog(info),
        signal: () => this.#controller.signal,
        onHeartbeat: (details) => this.#heartbeat(details),
        sleep: async (durationMs) => this.sleep(durationMs),
        mode: 'external',
        client: this.around.client,
      },
      this,
    );
  }

  #heartbeat(details: JsonValue | undefined): void {
    if (this.#isEnded) {
      return;
    }
    this.#heartbeatDetails = details === undefined ? undefined : asJson(details);
    this.#armHeartbeatTimer();
    this.#tellRunning();
  }

  #tellRunning(): void {
    const outcome = this.#outcome({ status: 'running' });
    const release = this.around.clock.hold();
    this.#lastHeartbeat = this.#lastHeartbeat.then(async () => this.around.tell(outcome)).finally(release);
  }

  #armHeartbeatTimer(): void {
    this.#stopHeartbeatTimer();
    const { heartbeatTimeoutMs } = this.job;
    if (heartbeatTimeoutMs !== undefined) {
      this.#stopHeartbeatTimer = this.around.clock.at(this.around.clock.now() + heartbeatTimeoutMs, () => this.#timeOut('HEARTBEAT'));
    }
  }

  #limit(timeoutType: 'START_TO_CLOSE' | 'SCHEDULE_TO_CLOSE', atMs: number | undefined): void {
    if (atMs !== undefined) {
      this.#releases.push(this.around.clock.at(atMs, () => this.#timeOut(timeoutType)));
    }
  }

  #timeOut(timeoutType: 'START_TO_CLOSE' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT'): void {
    const { failure, error } = attemptTimedOut(timeoutType, this.#heartbeatDetails);
    void this.#end({ status: 'failed', failure });
    this.#controller.abort(error);
  }

  async #end(outcome: ActivityOutcome['outcome']): Promise<void> {
    if (this.#isEnded) {
      return;
    }
    const release = this.around.clock.hold();
    this.#close();
    try {
      await this.#lastHeartbeat;
      await this.around.tell(this.#outcome(outcome));
    } finally {
      release();
    }
  }

  #close(): void {
    this.#isEnded = true;
    this.#stopHeartbeatTimer();
    this.#releases.forEach((release) => release());
    this.#release();
  }

  #outcome(outcome: ActivityOutcome['outcome']): ActivityOutcome {
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key } = this.job;
    const address = { workflowId, runId, scheduledEventId, attempt, dispatch, key };
    const times = { startedAtMs: this.#startedAtMs, finishedAtMs: this.around.clock.now() };
    const heartbeat = this.#heartbeatDetails === undefined ? {} : { heartbeatDetails: this.#heartbeatDetails };
    return { ...address, ...times, ...heartbeat, identity: this.around.identity, outcome };
  }
}

/** A Context that knows its attempt. */
export class HarnessContext extends Context {
  constructor(
    parts: ConstructorParameters<typeof Context>[0],
    readonly attempt: ActivityAttempt,
  ) {
    super(parts);
  }

  /** The attempt that is being made, if any. */
  static attempt(): ActivityAttempt | undefined {
    try {
      const context = Context.current();
      return context instanceof HarnessContext ? context.attempt : undefined;
    } catch {
      return undefined;
    }
  }
}

function infoOf(job: ActivityJob, { tokenSecret, taskQueue }: AttemptSurroundings, startedAtMs: number): ActivityInfo {
  const { workflowId, runId, workflowType, activityId, activityType, attempt, key, scheduledAtMs, startToCloseTimeoutMs, heartbeatTimeoutMs, heartbeatDetails } = job;
  let taskToken: Uint8Array | undefined;
  const madeTaskToken = (): Uint8Array => (taskToken ??= makeTaskToken(tokenSecret, { workflowId, runId, activityId, attempt }));
  return {
    key,
    attempt,
    workflowId,
    runId,
    workflowType,
    activityId,
    activityType,
    taskQueue,
    scheduledAtMs,
    startedAtMs,
    startToCloseTimeoutMs,
    heartbeatTimeoutMs,
    heartbeatDetails,
    headers: job.headers,
    startedBefore: attempt > 1,
    // Sealed for those who ask.
    get taskToken() {
      return madeTaskToken();
    },
    get base64TaskToken() {
      return taskTokenText(madeTaskToken());
    },
    workflowExecution: { workflowId, runId },
    namespace: 'default',
    workflowNamespace: 'default',
    activityNamespace: 'default',
    isLocal: false,
    inWorkflow: true,
    scheduledTimestampMs: scheduledAtMs,
    currentAttemptScheduledTimestampMs: startedAtMs,
    scheduleToCloseTimeoutMs: job.scheduleToCloseDeadlineMs === undefined ? Infinity : job.scheduleToCloseDeadlineMs - scheduledAtMs,
  };
}
