import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { AttemptEndedError } from '../errors/usage-errors.js';
import { serviceUnavailable } from './database-errors.js';

/** What TypeORM's Postgres query runner has beyond the common interface. */
interface DestroyableRunner {
  releasePostgresConnection(error: Error): Promise<void>;
}

/**
 * One connection, for the time of one attempt.
 *
 * `kill` is what keeps a late handler from committing: the connection is destroyed, not rolled back, since a statement that the handler has queued
 * behind a ROLLBACK would run, and commit, by itself.
 */
export class Session {
  private readonly runner: QueryRunner;
  private client: PoolClient | undefined;
  private killed = false;
  private readonly onLost = (error?: Error) => {
    if (!this.killed) this.lost(error ?? new Error('The connection was closed.'));
  };

  constructor(
    private readonly dataSource: DataSource,
    /** Called once if the connection breaks. */
    private readonly lost: (error: Error) => void,
  ) {
    this.runner = dataSource.createQueryRunner();
  }

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** @throws {ApplicationFailure} serviceUnavailable */
  async open(): Promise<void> {
    try {
      this.client = (await this.runner.connect()) as PoolClient;
    } catch (error) {
      throw serviceUnavailable(error);
    }
    if (this.killed) {
      this.destroy();
      throw new AttemptEndedError();
    }
    this.client.on('error', this.onLost);
    this.client.on('end', this.onLost);
  }

  async rows<Row>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    const { records } = await this.runner.query(sql, parameters, true);
    return records as Row[];
  }

  begin(): Promise<void> {
    return this.runner.startTransaction();
  }

  commit(): Promise<void> {
    return this.runner.commitTransaction();
  }

  /** Never throws: a connection that cannot roll back is destroyed, which rolls back. */
  async rollback(): Promise<void> {
    if (this.killed || this.runner.isReleased || !this.runner.isTransactionActive) return;
    try {
      await this.runner.rollbackTransaction();
    } catch {
      this.destroy();
    }
  }

  /** Gives the connection back to the pool. */
  async release(): Promise<void> {
    this.forgetClient();
    await this.runner.release();
  }

  /** Ends the connection now, and with it its transaction and locks, whatever runs on it. */
  kill(): void {
    if (this.killed) return;
    this.killed = true;
    const processId = (this.client as { processID?: number } | undefined)?.processID;
    this.destroy();
    // The server notices a closed socket only when it next reads or writes: a statement that waits for a lock would go on waiting.
    if (processId !== undefined) this.dataSource.query('SELECT pg_terminate_backend($1)', [processId]).catch(() => undefined);
  }

  /** Destroys the connection instead of giving it back. */
  destroy(): void {
    const client = this.client;
    this.forgetClient();
    // Its last errors concern nobody any more.
    client?.on('error', () => undefined);
    if (client !== undefined && !this.runner.isReleased) {
      void (this.runner as unknown as DestroyableRunner).releasePostgresConnection(new AttemptEndedError()).catch(() => undefined);
    }
  }

  private forgetClient(): void {
    this.client?.off('error', this.onLost);
    this.client?.off('end', this.onLost);
    this.client = undefined;
  }
}
