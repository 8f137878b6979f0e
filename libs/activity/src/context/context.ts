import type { JsonValue } from '@backstitch/protocol';
import { pauseToMs, type Duration } from '@backstitch/protocol/failures';
import type { QueueLogger } from '@backstitch/queues';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from 'typeorm';
import type { ActivityMode } from '../decorators/activity-options.js';
import { ClientUnavailableError, NoActivityContextError, WrongActivityModeError } from '../errors/usage-errors.js';
import type { ActivityInfo } from './activity-info.js';
import { BothWaysLogger, type ActivityLogger } from './activity-logger.js';
import type { ActivityCancellationDetails } from './cancellation.js';
import { noopMetricMeter, type MetricMeter } from './metric-meter.js';

export interface SliceOptions<T> {
  /** Stored with the slice; the next attempt finds it in `info.checkpoint`. */
  checkpoint?: JsonValue | ((value: T) => JsonValue);
}

/** What an external activity can do with the database. */
export interface ExternalSession {
  transaction<T>(work: (manager: EntityManager) => Promise<T>, options?: SliceOptions<T>): Promise<T>;
  completeWith<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

/** What the runtime gives a context. */
export interface ContextParts {
  info: ActivityInfo;
  /** pino's order of arguments is enough. */
  log: QueueLogger;
  /** Made when first asked for. */
  signal: () => AbortSignal;
  onHeartbeat: (details: JsonValue | undefined) => void;
  mode: ActivityMode;
  manager?: EntityManager;
  external?: ExternalSession;
  cancellationDetails?: () => ActivityCancellationDetails | undefined;
  /** Waits; `signal` ends the wait. Default: the system's timers. */
  sleep?: (durationMs: number, signal: AbortSignal) => Promise<void>;
  /** Default: measures nothing. */
  metricMeter?: MetricMeter;
  /** What `client` gives. Default: none. */
  client?: unknown;
}

/** Where the attempt is that is being made, for what calls handlers by itself. */
export const asyncLocalStorage = new AsyncLocalStorage<Context>();

/** The attempt that is being made. `Context.current()` finds it anywhere in what the handler calls and awaits. */
export class Context {
  private whenCancelled: Promise<never> | undefined;
  private logger: ActivityLogger | undefined;

  /** For what calls handlers by itself, e.g. in tests: see `Context.run`. */
  constructor(private readonly parts: ContextParts) {}

  /** Rejects with the reason when the attempt is to be given up; never resolves. */
  get cancelled(): Promise<never> {
    if (this.whenCancelled === undefined) {
      const signal = this.parts.signal();
      this.whenCancelled = new Promise<never>((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      this.whenCancelled.catch(() => undefined);
    }
    return this.whenCancelled;
  }

  /** @throws {NoActivityContextError} outside of an activity */
  static current(): Context {
    const found = asyncLocalStorage.getStore();
    if (found === undefined) throw new NoActivityContextError();
    return found;
  }

  /** Calls `work` as if it were the handler of an attempt. */
  static run<T>(context: Context, work: () => T): T {
    return asyncLocalStorage.run(context, work);
  }

  get info(): ActivityInfo {
    return this.parts.info;
  }

  /** A logger that adds workflow, run, activity, attempt and trace to each line. Takes a message and attributes, or fields and a message. */
  get log(): ActivityLogger {
    return (this.logger ??= new BothWaysLogger(this.parts.log));
  }

  /** Aborted when cancellation is requested, a time limit is reached, the service stops, or the lock on the step is lost. Hand it to `fetch` and the like. */
  get cancellationSignal(): AbortSignal {
    return this.parts.signal();
  }

  /** Why the signal is aborted; undefined while it is not. */
  get cancellationDetails(): ActivityCancellationDetails | undefined {
    return this.parts.cancellationDetails?.();
  }

  get metricMeter(): MetricMeter {
    return this.parts.metricMeter ?? noopMetricMeter;
  }

  /** The client that the service was given for its activities. @throws {ClientUnavailableError} it was given none */
  get client(): unknown {
    if (this.parts.client === undefined) throw new ClientUnavailableError();
    return this.parts.client;
  }

  /**
   * The EntityManager of the transaction that commits the inbox row, and everything done with it, together. What is done with another manager or
   * an injected repository is NOT part of it.
   * @throws {WrongActivityModeError} in activities of the modes external and statement
   */
  get manager(): EntityManager {
    if (this.parts.manager === undefined) throw new WrongActivityModeError('manager', this.parts.mode);
    return this.parts.manager;
  }

  /**
   * External activities: commits a slice of work in a transaction of its own, refused if the step has been undone. Slices run one after another.
   * Deadlocks and serialization failures run `work` again. See `resumable` for work of many slices.
   * @throws {WrongActivityModeError} in other activities
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>, options?: SliceOptions<T>): Promise<T> {
    return this.external('transaction').transaction(work, options);
  }

  /**
   * External activities: commits the last slice and the activity's result together; what `work` returns is the result, whatever the handler returns
   * afterwards. No slice can follow.
   * @throws {WrongActivityModeError} in other activities
   */
  completeWith<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.external('completeWith').completeWith(work);
  }

  /**
   * Says that the attempt is alive, as often as you like: what is sent is throttled. Details are a hint for the next attempt, and show as progress in Bull Board (a
   * number: as a percentage); at most 2 MiB of JSON. Also looks whether cancellation was requested.
   */
  get heartbeat(): (details?: unknown) => void {
    return (details) => this.parts.onHeartbeat(details as JsonValue | undefined);
  }

  /** Waits; rejects with the reason as soon as the attempt is to be given up. Milliseconds, or text such as `'5 seconds'`. */
  get sleep(): (duration: Duration) => Promise<void> {
    return (duration) => this.wait(pauseToMs(duration, 'The time to sleep'));
  }

  private async wait(durationMs: number): Promise<void> {
    if (this.parts.sleep !== undefined) return this.parts.sleep(durationMs, this.cancellationSignal);
    let timer: NodeJS.Timeout | undefined;
    try {
      await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(durationMs, TIMER_MS_MAX)))), this.cancelled]);
    } finally {
      clearTimeout(timer);
    }
  }

  private external(member: string): ExternalSession {
    if (this.parts.external === undefined) throw new WrongActivityModeError(`${member}()`, this.parts.mode);
    return this.parts.external;
  }
}

/** Longest delay of a Node timer. */
const TIMER_MS_MAX = 2 ** 31 - 1;
