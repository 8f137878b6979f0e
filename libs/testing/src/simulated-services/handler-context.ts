import { AttemptEndedError, serializePayload, type ActivityInfo } from '@backstitch/activity/simulation';
import type { JsonValue } from '@backstitch/protocol';
import type { InMemoryInbox } from './in-memory-inbox.js';
import { TransactionConflictError } from './transaction-conflict-error.js';
import type { Draft, SharedState } from './shared-state.js';
import type { ExternalContext, ResumableContext, SimulatedContext } from './simulated-activity.js';
import type { Stop } from './stepped-call.js';

/** What a handler's context needs of its attempt. */
export interface HandlerScope<State extends object> {
  readonly info: ActivityInfo;
  readonly args: readonly unknown[];
  readonly shared: SharedState<State>;
  readonly inbox: InMemoryInbox;
  readonly signal: () => AbortSignal;
  /** The lock is gone: nothing can be committed any more. */
  readonly isCutOff: () => boolean;
  readonly heartbeat: (details: JsonValue | undefined) => void;
  readonly now: () => number;
  /** Awaited wherever the schedule may go on with something else. */
  readonly rest: (stop: Stop) => Promise<void>;
}

export class HandlerContext<State extends object> implements SimulatedContext {
  constructor(protected readonly scope: HandlerScope<State>) {}

  get key(): string {
    return this.scope.info.key;
  }

  get info(): ActivityInfo {
    return this.scope.info;
  }

  get args(): readonly unknown[] {
    return this.scope.args;
  }

  get signal(): AbortSignal {
    return this.scope.signal();
  }

  // Functions of each context's own, here and below, so that a handler may take them out of it.
  readonly heartbeat = (details?: unknown): void => {
    this.scope.heartbeat(details === undefined ? undefined : copyOf('The heartbeat', details));
  };

  protected refuseIfCutOff(): void {
    if (this.scope.isCutOff()) throw new AttemptEndedError();
  }
}

/** Slices of an external activity, one after another. */
export class ExternalHandlerContext<State extends object> extends HandlerContext<State> implements ExternalContext<State> {
  /** Set by completeWith. */
  completed: { result: JsonValue } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #slices = 0;
  #pauses = 0;
  #sleeps = 0;

  readonly transaction = <T>(work: (state: State) => T | Promise<T>, { checkpoint }: { checkpoint?: JsonValue | ((value: T) => JsonValue) } = {}): Promise<T> =>
    this.#inTurn(async (number) => {
      const value = await this.#slice(number, work, (done) => {
        const transaction = this.scope.inbox.begin();
        transaction.refuseIfUndone(this.key);
        const saved = typeof checkpoint === 'function' ? checkpoint(done) : checkpoint;
        if (saved !== undefined) transaction.saveCheckpoint(this.key, copyOf('The checkpoint', saved));
        return () => transaction.commit();
      });
      await this.scope.rest({ point: `slice-${number}-committed`, pointText: `after its transaction ${number} has committed` });
      return value;
    });

  readonly completeWith = <T>(work: (state: State) => T | Promise<T>): Promise<T> =>
    this.#inTurn((number) =>
      this.#slice(number, work, (done) => {
        const result = copyOf('The result', done);
        const transaction = this.scope.inbox.begin();
        transaction.refuseIfUndone(this.key);
        transaction.completeStarted(this.key, result);
        return () => {
          transaction.commit();
          this.completed = { result };
        };
      }),
    );

  readonly pause = async (name?: string): Promise<void> => {
    this.#pauses += 1;
    const point = name ?? `pause-${this.#pauses}`;
    await this.scope.rest({ point, pointText: `at its point "${point}"` });
  };

  readonly sleep = async (durationMs: number): Promise<void> => {
    this.#sleeps += 1;
    this.signal.throwIfAborted();
    await this.scope.rest({ point: `sleep-${this.#sleeps}`, pointText: 'while it sleeps', wakeAtMs: this.scope.now() + durationMs });
    this.signal.throwIfAborted();
  };

  #inTurn<T>(work: (number: number) => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => undefined).then(() => {
      if (this.completed !== undefined) throw new AttemptEndedError();
      this.refuseIfCutOff();
      this.#slices += 1;
      return work(this.#slices);
    });
    this.#last = turn;
    return turn;
  }

  async #slice<T>(number: number, work: (state: State) => T | Promise<T>, prepare: (value: T) => () => void): Promise<T> {
    const { shared } = this.scope;
    let draft = shared.draft();
    let value = await work(draft.value);
    await this.scope.rest({ point: `slice-${number}`, pointText: `before its transaction ${number} commits` });
    this.refuseIfCutOff();
    // Another transaction has committed meanwhile: this one has lost and is run again, as after a serialization failure.
    while (!shared.isCurrent(draft)) {
      draft = shared.draft();
      value = await work(draft.value);
    }
    const commit = prepare(value);
    shared.commit(draft);
    commit();
    return value;
  }
}

/** Slices of a resumable activity: what is done with its draft between two commits. */
export class ResumableHandlerContext<State extends object> extends HandlerContext<State> implements ResumableContext {
  #slices = 0;

  constructor(
    scope: HandlerScope<State>,
    private readonly draft: Draft<State>,
  ) {
    super(scope);
  }

  readonly commit = async (checkpoint?: JsonValue): Promise<void> => {
    const { shared, inbox } = this.scope;
    this.#slices += 1;
    const saved = checkpoint === undefined ? undefined : copyOf('The checkpoint', checkpoint);
    await this.scope.rest({ point: `slice-${this.#slices}`, pointText: `before its slice ${this.#slices} commits` });
    this.refuseIfCutOff();
    const transaction = inbox.begin();
    transaction.refuseIfUndone(this.key);
    if (saved !== undefined) transaction.saveCheckpoint(this.key, saved);
    if (!shared.merge(this.draft)) throw new TransactionConflictError();
    transaction.commit();
  };
}

/** As it is stored: as JSON. @throws {ApplicationFailure} payloadInvalid, payloadTooLarge */
export function copyOf(what: string, value: unknown): JsonValue {
  return JSON.parse(serializePayload(what, value).json) as JsonValue;
}
