import { FAILURE_TYPE, LIMITS, type ActivityResolution, type Failure, type JsonValue, type LocalActivityResolution, type RetryState } from '@backstitch/protocol';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import { payloadTooLargeFailure, plainFailure } from '../failures.js';
import type { Clock } from '../ports/clock.js';
import type { Ids } from '../ports/ids.js';
import { LocalActivityUnknownError, type LocalActivities } from '../ports/local-activities.js';
import { decideRetry } from '../retry-decision.js';
import { localActivityFailure, markerDetails } from '../run/local-activities.js';
import type { LocalActivity, LocalActivityEnd } from '../run/run-extras.js';
import type { RunState } from '../run/run-state.js';

export interface LocalActivityRunnerPorts {
  clock: Clock;
  ids: Pick<Ids, 'random'>;
  localActivities?: LocalActivities;
}

/** A longer pause is kept by the workflow, as a timer. */
const DEFAULT_RETRY_THRESHOLD_MS = 60_000;

type Owner = Pick<RunState, 'workflowId' | 'runId' | 'workflowType'>;

/** One that is under way, or whose end the run has not recorded yet. */
interface UnderWay {
  readonly abort: AbortController;
  end?: LocalActivityEnd;
}

/** Failures of functions as the host words them; what has no wording of its own is an ordinary error. */
function failureOf(error: unknown): Failure {
  if (error instanceof LocalActivityUnknownError) {
    return { message: error.message, applicationFailureInfo: { type: FAILURE_TYPE.activityNotRegistered, nonRetryable: true } };
  }
  const carried = (error as { failure?: Failure } | undefined)?.failure;
  if (carried !== undefined && typeof carried.message === 'string') {
    return carried;
  }
  if (error instanceof Error) {
    return { message: error.message, ...(error.stack === undefined ? {} : { stackTrace: error.stack }), applicationFailureInfo: { type: error.name } };
  }
  return plainFailure(String(error));
}

/**
 * Runs local activities in this process: attempt after attempt, with the pauses of their retry policy. What is under way is not begun again; an end is kept
 * until the run has recorded it.
 */
export class LocalActivityRunner {
  readonly #underWay = new Map<string, UnderWay>();
  readonly #running = new Set<Promise<void>>();
  #isStopped = false;

  constructor(
    readonly ports: LocalActivityRunnerPorts,
    readonly ended: (runId: string, end: LocalActivityEnd) => Promise<void>,
  ) {}

  /** Begins it unless it is under way; one that has ended is told again. */
  ensure(owner: Owner, activity: LocalActivity): void {
    const key = keyOf(owner.runId, activity.command.seq);
    const known = this.#underWay.get(key);
    if (known === undefined) {
      const underWay: UnderWay = { abort: new AbortController() };
      this.#underWay.set(key, underWay);
      if (activity.cancelRequested === true) {
        // It never began, and is not to any more.
        this.#track(this.#tell(owner.runId, key, underWay, this.#canceledEnd(activity, activity.command.attempt ?? 1)));
        return;
      }
      this.#track(this.#run(owner, activity, underWay).then((end) => this.#tell(owner.runId, key, underWay, end)));
    } else if (known.end !== undefined) {
      this.#track(this.#tell(owner.runId, key, known, known.end));
    } else if (activity.cancelRequested === true) {
      this.cancel(owner.runId, activity.command.seq);
    }
  }

  /** Tells nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#underWay.forEach(({ abort }) => abort.abort(new Error('The engine stops.')));
  }

  /** Asks a function to give up. */
  cancel(runId: string, seq: number): void {
    this.#underWay.get(keyOf(runId, seq))?.abort.abort(new Error('The workflow cancelled the local activity.'));
  }

  /** A run has closed: nobody waits for these. */
  forget(runId: string, seqs: Iterable<number>): void {
    for (const seq of seqs) {
      this.cancel(runId, seq);
      this.#underWay.delete(keyOf(runId, seq));
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #tell(runId: string, key: string, underWay: UnderWay, end: LocalActivityEnd): Promise<void> {
    underWay.end = end;
    if (this.#underWay.get(key) !== underWay || this.#isStopped) {
      return;
    }
    try {
      await this.ended(runId, end);
      this.#underWay.delete(key);
    } catch {
      // The store is away: the end is kept, and told again when recovery asks.
    }
  }

  async #run(owner: Owner, { command, scheduledAtMs }: LocalActivity, { abort }: UnderWay): Promise<LocalActivityEnd> {
    const { seq, activityType, options } = command;
    const { clock, ids } = this.ports;
    const deadlineMs = options.scheduleToCloseTimeoutMs === undefined ? undefined : scheduledAtMs + options.scheduleToCloseTimeoutMs;
    for (let attempt = command.attempt ?? 1; ; attempt += 1) {
      const outcome = await this.#attempt(owner, command, { attempt, scheduledAtMs, deadlineMs }, abort.signal);
      const end = (resolution: ActivityResolution): LocalActivityEnd => {
        const details = markerDetails({ seq, activityType, attempt, completeTimeMs: clock.now(), originalScheduleTimeMs: scheduledAtMs });
        return { seq, details: resolution.status === 'completed' ? { ...details, result: resolution.result } : details, resolution };
      };
      if ('result' in outcome) {
        return end({ status: 'completed', result: outcome.result });
      }
      const failed = (retryState: RetryState): LocalActivityEnd =>
        abort.signal.aborted
          ? this.#canceledEnd({ command, scheduledAtMs }, attempt)
          : end({ status: 'failed', failure: localActivityFailure({ seq, activityType }, 'failed', outcome.failure, retryState) });
      const decision = decideRetry({
        failure: outcome.failure,
        attempt,
        policy: options.retryPolicy,
        nowMs: clock.now(),
        deadlineMs,
        cancelRequested: abort.signal.aborted,
        random: ids.random(),
      });
      if (!decision.retry) {
        return failed(decision.retryState);
      }
      if (decision.delayMs > (options.localRetryThresholdMs ?? DEFAULT_RETRY_THRESHOLD_MS)) {
        const { details, resolution: failedResolution } = failed('IN_PROGRESS');
        const resolution: LocalActivityResolution = { status: 'backoff', attempt: attempt + 1, delayMs: decision.delayMs, originalScheduleTimeMs: scheduledAtMs };
        const last = 'failure' in failedResolution ? { lastFailure: failedResolution.failure } : {};
        return { seq, details: { ...details, data: { ...details.data, backoffMs: decision.delayMs } }, resolution, ...last };
      }
      await this.ports.localActivities?.delay(decision.delayMs, abort.signal);
      if (abort.signal.aborted) {
        return failed('CANCEL_REQUESTED');
      }
    }
  }

  #canceledEnd({ command, scheduledAtMs }: Pick<LocalActivity, 'command' | 'scheduledAtMs'>, attempt: number): LocalActivityEnd {
    const { seq, activityType } = command;
    const failure = localActivityFailure({ seq, activityType }, 'canceled', { message: 'Activity canceled', canceledFailureInfo: {} });
    const details = markerDetails({ seq, activityType, attempt, completeTimeMs: this.ports.clock.now(), originalScheduleTimeMs: scheduledAtMs });
    return { seq, details, resolution: { status: 'canceled', failure } };
  }

  async #attempt(
    { workflowId, runId, workflowType }: Owner,
    { seq, activityType, args, options, headers }: LocalActivity['command'],
    times: { attempt: number; scheduledAtMs: number; deadlineMs: number | undefined },
    canceled: AbortSignal,
  ): Promise<{ result: JsonValue } | { failure: Failure }> {
    const { localActivities, clock } = this.ports;
    if (localActivities === undefined) {
      return { failure: failureOf(new LocalActivityUnknownError(activityType)) };
    }
    const { startToCloseTimeoutMs, scheduleToCloseTimeoutMs } = options;
    const { attempt, scheduledAtMs, deadlineMs } = times;
    const attemptMs = Math.min(startToCloseTimeoutMs ?? Infinity, deadlineMs === undefined ? Infinity : deadlineMs - clock.now());
    const timer = new AbortController();
    const signal = AbortSignal.any([canceled, timer.signal]);
    const info = {
      activityId: String(seq),
      activityType,
      workflowExecution: { workflowId, runId },
      workflowType,
      attempt,
      scheduledAtMs,
      ...(startToCloseTimeoutMs === undefined ? {} : { startToCloseTimeoutMs }),
      ...(scheduleToCloseTimeoutMs === undefined ? {} : { scheduleToCloseTimeoutMs }),
      ...(headers === undefined ? {} : { headers }),
    };
    const ended = new AbortController();
    const work = Promise.resolve()
      .then(() => localActivities.run(activityType, args, info, signal))
      .then((result): { result: JsonValue } | { failure: Failure } =>
        exceedsJsonBytes(result, LIMITS.payloadBytesMax)
          ? { failure: payloadTooLargeFailure(`The result of "${activityType}"`, jsonBytes(result)) }
          : { result: (result as JsonValue | undefined) ?? null },
      )
      .catch((error: unknown) => ({ failure: failureOf(error) }));
    const timeoutType = startToCloseTimeoutMs !== undefined && attemptMs === startToCloseTimeoutMs ? 'START_TO_CLOSE' : 'SCHEDULE_TO_CLOSE';
    const limits: Promise<{ result: JsonValue } | { failure: Failure }>[] = [work];
    if (attemptMs !== Infinity) {
      limits.push(
        localActivities.delay(Math.max(0, attemptMs), ended.signal).then(() => {
          timer.abort(new Error('The time of the local activity is up.'));
          return { failure: { message: 'The time of the local activity is up', timeoutFailureInfo: { timeoutType } } };
        }),
      );
    }
    const outcome = await Promise.race(limits);
    ended.abort();
    return outcome;
  }
}

function keyOf(runId: string, seq: number): string {
  return `${runId}/${seq}`;
}
