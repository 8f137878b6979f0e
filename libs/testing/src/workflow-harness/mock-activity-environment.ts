import { EventEmitter } from 'node:events';
import { Context, type ActivityCancellationDetails, type ActivityInfo, type ContextParts, type MetricMeter } from '@backstitch/activity';
import type { JsonValue } from '@backstitch/protocol';
import { CancelledFailure } from '@backstitch/protocol/failures';
import type { EntityManager } from 'typeorm';
import { interceptedActivity, type ActivityInterceptorsFactory } from './activity-interceptors.js';
import { activityLog } from './activity-log.js';
import { asJson } from './as-json.js';
import type { Logger } from './runtime.js';

/** What an activity under test finds around it. */
export interface MockActivityEnvironmentOptions {
  /** Around the activity's function, the first one outermost. Default none. */
  interceptors?: readonly ActivityInterceptorsFactory[];
  /** Where its log lines go. Default: the runtime's logger. */
  logger?: Logger;
  /** Default: measures nothing. */
  metricMeter?: MetricMeter;
  /** What `getClient()` gives. Default: none. */
  client?: unknown;
  /**
   * What `Context.current().manager` gives, and what slices of `transaction` and `resumable` work with: of a transaction of the test's own, or a stand-in.
   * There is no inbox. Default: none, and asking for it throws WrongActivityModeError.
   */
  manager?: EntityManager;
}

/** What an attempt knows of itself where a test says nothing else. */
export const defaultActivityInfo: ActivityInfo = {
  attempt: 1,
  taskQueue: 'test',
  isLocal: false,
  inWorkflow: true,
  taskToken: Buffer.from('test'),
  base64TaskToken: Buffer.from('test').toString('base64'),
  activityId: 'test',
  activityType: 'unknown',
  workflowType: 'test',
  namespace: 'default',
  workflowNamespace: 'default',
  activityNamespace: 'default',
  workflowExecution: { workflowId: 'test', runId: 'dead-beef' },
  workflowId: 'test',
  runId: 'dead-beef',
  key: 'dead-beef/1',
  scheduledAtMs: 1,
  startedAtMs: 1,
  startedBefore: false,
  scheduledTimestampMs: 1,
  startToCloseTimeoutMs: 1_000,
  scheduleToCloseTimeoutMs: 1_000,
  currentAttemptScheduledTimestampMs: 1,
};

/**
 * Runs one activity by itself, with a Context: emits `heartbeat` for each of its heartbeats, and can be cancelled. Temporal's names.
 *
 * The context is one for all activities that are run in it: once cancelled, they begin cancelled.
 */
export class MockActivityEnvironment extends EventEmitter {
  readonly context: Context;
  /** Checkpoints that slices of `transaction` and `resumable` have left, in order. A next attempt is given the last one: `{ checkpoint }`. */
  readonly checkpoints: JsonValue[] = [];
  readonly #controller = new AbortController();
  readonly #interceptors: readonly ActivityInterceptorsFactory[];
  #cancellationDetails: ActivityCancellationDetails | undefined;

  constructor(info: Partial<ActivityInfo> = {}, { interceptors = [], logger, metricMeter, client, manager }: MockActivityEnvironmentOptions = {}) {
    super();
    const whole = { ...defaultActivityInfo, ...info };
    this.#interceptors = interceptors;
    this.context = new Context({
      info: whole,
      log: logger === undefined ? activityLog(whole) : activityLog(whole, () => logger),
      signal: () => this.#controller.signal,
      onHeartbeat: (details) => void this.emit('heartbeat', details),
      mode: 'external',
      cancellationDetails: () => this.#cancellationDetails,
      ...(metricMeter === undefined ? {} : { metricMeter }),
      ...(client === undefined ? {} : { client }),
      ...(manager === undefined ? {} : { manager, external: this.#slices(manager) }),
    });
  }

  /** Calls the activity; resolves with what it answers, rejects with what it throws. */
  async run<Args extends unknown[], Result>(activity: (...args: Args) => Result | Promise<Result>, ...args: Args): Promise<Result> {
    const intercepted = interceptedActivity(activity as (...args: never[]) => unknown, { activity: this.#interceptors });
    return Context.run(this.context, async () => intercepted(...(args as unknown[] as never[])) as Promise<Result>);
  }

  /**
   * Aborts the activity's signal with a CancelledFailure.
   * @param reason its message, e.g. `WORKER_SHUTDOWN`; an error is taken as it is. Default `CANCELLED`
   * @param details what `cancellationDetails()` then says. Default: as the reason tells
   */
  cancel(reason: string | Error = 'CANCELLED', details?: Partial<ActivityCancellationDetails>): void {
    const told = { cancelRequested: reason !== 'WORKER_SHUTDOWN', timedOut: false, workerShutdown: reason === 'WORKER_SHUTDOWN', paused: false, reset: false, notFound: false };
    this.#cancellationDetails ??= details === undefined ? told : { ...told, cancelRequested: false, workerShutdown: false, ...details };
    this.#controller.abort(typeof reason === 'string' ? new CancelledFailure(reason) : reason);
  }

  #slices(manager: EntityManager): NonNullable<ContextParts['external']> {
    return {
      transaction: async (work, { checkpoint } = {}) => {
        const value = await work(manager);
        if (checkpoint !== undefined) {
          this.checkpoints.push(asJson(typeof checkpoint === 'function' ? (checkpoint as (value: unknown) => unknown)(value) : checkpoint));
        }
        return value;
      },
      completeWith: async (work) => work(manager),
    };
  }
}
