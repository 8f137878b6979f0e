import { ControlApiError, StoreUnavailableError } from '@backstitch/protocol';
import type { PoolClient, QueryConfig, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { isConnectionFault, isTransactionConflict } from './database-faults.js';

export interface DatabaseOptions {
  /** Waiting for a connection, from the pool or new, ends after this with StoreUnavailableError. Default 2,000. */
  acquireTimeoutMs?: number;
  /** A statement that is not answered by then ends with StoreUnavailableError, and its connection is given up. Default 5,000. */
  queryTimeoutMs?: number;
  /** What StoreUnavailableError advises. Default 1,000. */
  retryAfterMs?: number;
}

export interface Statement {
  text: string;
  values?: unknown[];
  /** Prepared once for each connection under this name. For statements that run all the time. */
  name?: string;
}

/** Runs one statement of a transaction. */
export type RunStatement = <Row extends QueryResultRow>(statement: Statement) => Promise<Row[]>;

const CONFLICT_RETRIES_MAX = 3;

/**
 * Every statement here finds its rows by an index, and most are prepared. A plan that was made when the tables were small reads them as a whole, and a
 * connection would keep it for as long as nobody analyses them; planning anew each time costs more than the statement itself.
 */
const SESSION_SETTINGS = 'SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off';

/**
 * Statements on the pool of a TypeORM data source, each with a deadline, each a transaction of its own.
 *
 * The pool's own connections are used rather than a query runner, because only they offer prepared statements and a deadline.
 */
export class Database {
  readonly #dataSource: DataSource;
  readonly #acquireTimeoutMs: number;
  readonly #queryTimeoutMs: number;
  readonly #retryAfterMs: number;
  /** Connections that have their settings. */
  readonly #settled = new WeakSet<PoolClient>();

  constructor(dataSource: DataSource, options: DatabaseOptions = {}) {
    this.#dataSource = dataSource;
    this.#acquireTimeoutMs = options.acquireTimeoutMs ?? 2_000;
    this.#queryTimeoutMs = options.queryTimeoutMs ?? 5_000;
    this.#retryAfterMs = options.retryAfterMs ?? 1_000;
  }

  /**
   * Runs one statement and answers its rows. A deadlock or serialisation failure is tried again.
   * @throws StoreUnavailableError when Postgres cannot be reached or does not answer in time; the statement may have taken effect
   */
  async query<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#queryOnce<Row>(statement);
      } catch (error) {
        if (!isTransactionConflict(error) || retry >= CONFLICT_RETRIES_MAX) {
          throw error;
        }
      }
    }
  }

  /**
   * Runs several statements as one transaction: `work` gets the means to run one, and what it answers is answered once all is committed. Where it throws,
   * nothing was done. After a deadlock or serialisation failure it is run again from its beginning.
   * @throws StoreUnavailableError as {@link query}
   */
  async transaction<Answer>(work: (query: RunStatement) => Promise<Answer>): Promise<Answer> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#borrow(async (query) => {
          await query({ text: 'BEGIN' });
          try {
            const answer = await work(query);
            await query({ text: 'COMMIT' });
            return answer;
          } catch (error) {
            // On a connection that is broken this fails, and the transaction is gone with it.
            await query({ text: 'ROLLBACK' }).catch(() => undefined);
            throw error;
          }
        });
      } catch (error) {
        if (!isTransactionConflict(error) || retry >= CONFLICT_RETRIES_MAX) {
          throw error;
        }
      }
    }
  }

  async #queryOnce<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    return this.#borrow((query) => query<Row>(statement));
  }

  /** Runs statements on one connection of the pool; one that breaks meanwhile is given up. */
  async #borrow<Answer>(work: (query: RunStatement) => Promise<Answer>): Promise<Answer> {
    const [client, release] = await this.#acquire();
    // The pool listens to idle connections only. One that breaks while it is ours, but between two answers, would end the process.
    let broken = false;
    const onBroken = () => {
      broken = true;
    };
    client.on('error', onBroken);
    try {
      // `query_timeout` is read by pg for a single query too; its types name it for the connection alone.
      if (!this.#settled.has(client)) {
        await client.query({ text: SESSION_SETTINGS, query_timeout: this.#queryTimeoutMs } as QueryConfig);
        this.#settled.add(client);
      }
      return await work(async <Row extends QueryResultRow>(statement: Statement) => {
        const { rows } = await client.query<Row>({ ...statement, query_timeout: this.#queryTimeoutMs } as QueryConfig);
        return rows;
      });
    } catch (error) {
      const unavailable = this.#unavailable(error);
      broken ||= unavailable !== undefined;
      throw unavailable ?? error;
    } finally {
      client.off('error', onBroken);
      release(broken);
    }
  }

  async #acquire(): Promise<[PoolClient, (destroy?: boolean) => void]> {
    let timer: NodeJS.Timeout | undefined;
    let expired = false;
    const pending = Promise.resolve()
      .then(() => (this.#dataSource.driver as PostgresDriver).obtainMasterConnection() as Promise<[PoolClient, (destroy?: boolean) => void]>)
      .then((acquired) => {
        if (expired) {
          acquired[1]();
        }
        return acquired;
      });
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        expired = true;
        reject(new Error(`No connection within ${this.#acquireTimeoutMs} ms.`));
      }, this.#acquireTimeoutMs);
    });
    try {
      return await Promise.race([pending, deadline]);
    } catch (error) {
      pending.catch(() => undefined);
      // Whatever keeps us from a connection, nothing was sent.
      throw new StoreUnavailableError(this.#retryAfterMs, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #unavailable(error: unknown): ControlApiError | undefined {
    return isConnectionFault(error) ? new StoreUnavailableError(this.#retryAfterMs, { cause: error }) : undefined;
  }
}
