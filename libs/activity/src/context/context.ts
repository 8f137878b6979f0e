import type { JsonValue } from '@backstitch/protocol';
import type { QueueLogger } from '@backstitch/queues';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from 'typeorm';
import type { ActivityMode } from '../decorators/activity-options.js';
import { NoActivityContextError, WrongActivityModeError } from '../errors/usage-errors.js';
import type { ActivityInfo } from './activity-info.js';

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
  log: QueueLogger;
  /** Made when first asked for. */
  signal: () => AbortSignal;
  onHeartbeat: (details: JsonValue | undefined) => void;
  mode: ActivityMode;
  manager?: EntityManager;
  external?: ExternalSession;
}

const storage = new AsyncLocalStorage<Context>();

/** The attempt that is being made. `Context.current()` finds it anywhere in what the handler calls and awaits. */
export class Context {
  private whenCancelled: Promise<never> | undefined;

  /** @internal */
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
    const found = storage.getStore();
    if (found === undefined) throw new NoActivityContextError();
    return found;
  }

  /** @internal */
  static run<T>(context: Context, work: () => T): T {
    return storage.run(context, work);
  }

  get info(): ActivityInfo {
    return this.parts.info;
  }

  /** A logger that adds workflow, run, activity, attempt and trace to each line. */
  get log(): QueueLogger {
    return this.parts.log;
  }

  /** Aborted when cancellation is requested, a time limit is reached, or the lock on the step is lost. Hand it to `fetch` and the like. */
  get cancellationSignal(): AbortSignal {
    return this.parts.signal();
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
   * Deadlocks and serialization failures run `work` again.
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

  /** Says that the attempt is alive. Details are a hint for the next attempt; at most 2 MiB of JSON. Also looks whether cancellation was requested. */
  heartbeat(details?: JsonValue): void {
    this.parts.onHeartbeat(details);
  }

  private external(member: string): ExternalSession {
    if (this.parts.external === undefined) throw new WrongActivityModeError(`${member}()`, this.parts.mode);
    return this.parts.external;
  }
}
