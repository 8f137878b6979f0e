import type { Client, PoolClient, Submittable } from 'pg';
import { QueryFailedError, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { ApplicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { AttemptEndedError } from '../errors/usage-errors.js';
import { errorCodeOf, serviceUnavailable } from './database-errors.js';
import { beginStatement, COMMIT } from './inbox-statements.js';
import { forgetStatements, knownStatements } from './known-statements.js';
import { Preparation, StatementBatch, type BoundStatement, type Statement, type TextRow } from './statement-batch.js';

/** What TypeORM's Postgres query runner has beyond the common interface. */
interface PostgresRunner {
  releasePostgresConnection(error: Error): Promise<void>;
  isTransactionActive: boolean;
  transactionDepth: number;
}

/** What `pg` has beyond its types: statements are sent without waiting for the answers before them. */
type PipeliningClient = Omit<PoolClient, 'pipeline'> & { pipeline: boolean; connection: { stream: { cork(): void; uncork(): void } } };

const UNKNOWN_STATEMENT = '26000';

/**
 * One connection, for the time of one attempt.
 *
 * Its own statements go to the connection directly, many in one round trip; the handler's go through TypeORM, whose query runner is told that a
 * transaction is open.
 *
 * `kill` is what keeps a late handler from committing: the connection is destroyed, not rolled back, since a statement that the handler has queued
 * behind a ROLLBACK would run, and commit, by itself.
 */
export class Session {
  private readonly runner: QueryRunner;
  private client: PipeliningClient | undefined;
  private killed = false;
  private drained: Promise<void> | undefined;
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

  get options(): { isolationLevel?: string } {
    return this.dataSource.options;
  }

  /** @throws {ApplicationFailure} serviceUnavailable */
  async open(): Promise<void> {
    try {
      this.client = (await this.runner.connect()) as PipeliningClient;
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

  /** Sends statements in one round trip; gives the rows of each. After one that fails the others are not run. */
  async run(...bound: BoundStatement[]): Promise<TextRow[][]> {
    await this.prepare(bound.map(({ statement }) => statement));
    if (this.drained !== undefined) await this.drained;
    return this.send(bound);
  }

  /** Makes statements known on the connection, if they are not. Undefined: they were. */
  prepare(statements: readonly Statement[]): Promise<void> | undefined {
    const client = this.connected();
    const known = knownStatements(client);
    const missing = statements.filter(({ name }) => !known.has(name));
    if (missing.length === 0) return undefined;
    return this.makeKnown(client, known, missing);
  }

  /** Whether transactions are TypeORM's own affair, since its subscribers want to hear of them. */
  get hasSubscribers(): boolean {
    return this.dataSource.subscribers.length > 0;
  }

  /**
   * Begins the transaction with these statements, prepared before, and sends what the handler asks for right behind them, without waiting for their answer: after
   * one that fails nothing of the transaction is run.
   */
  beginAhead(...bound: BoundStatement[]): Promise<TextRow[][]> {
    const client = this.connected();
    // What the handler asks for at once leaves in the same write.
    const { stream } = client.connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
    const answered = this.send([this.beginning(), ...bound]);
    this.setInTransaction(true);
    client.pipeline = true;
    this.drained = new Promise((resolve) => {
      const end = () => {
        client.pipeline = false;
        this.drained = undefined;
        client.off('drain', end);
        client.off('end', end);
        resolve();
      };
      client.on('drain', end);
      client.on('end', end);
    });
    const readInPortions = this.runner.stream.bind(this.runner);
    // What reads in portions cannot share the wire: it waits until everything before it is answered.
    this.runner.stream = async (...parameters) => {
      await this.drained;
      return readInPortions(...parameters);
    };
    return answered;
  }

  /** Begins a transaction with these statements. */
  async begin(...bound: BoundStatement[]): Promise<TextRow[][]> {
    if (this.hasSubscribers) {
      await this.runner.startTransaction();
      return bound.length === 0 ? [] : this.run(...bound);
    }
    this.setInTransaction(true);
    return (await this.run(this.beginning(), ...bound)).slice(1);
  }

  /** Runs these last statements of the transaction and commits it. */
  async commit(...bound: BoundStatement[]): Promise<void> {
    if (this.drained !== undefined) await this.drained;
    if (this.connected().getTransactionStatus() === 'I') {
      throw ApplicationFailure.nonRetryable('The handler has ended the transaction of its attempt.', ACTIVITY_FAILURE_TYPE.transactionEnded);
    }
    if (this.hasSubscribers) {
      if (bound.length > 0) await this.run(...bound);
      return this.runner.commitTransaction();
    }
    await this.run(...bound, { statement: COMMIT, values: [] });
    this.setInTransaction(false);
  }

  /** Never throws: a connection that cannot roll back is destroyed, which rolls back. */
  async rollback(): Promise<void> {
    if (this.killed || this.runner.isReleased || !this.runner.isTransactionActive) return;
    try {
      if (this.hasSubscribers) await this.runner.rollbackTransaction();
      else await this.connected().query('ROLLBACK');
      this.setInTransaction(false);
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
      // With pipelining, `pg` would say goodbye only after everything sent is answered.
      client.pipeline = false;
      void (this.runner as unknown as PostgresRunner).releasePostgresConnection(new AttemptEndedError()).catch(() => undefined);
    }
  }

  private connected(): PipeliningClient {
    if (this.client === undefined) throw new AttemptEndedError();
    return this.client;
  }

  private async makeKnown(client: PoolClient, known: Set<string>, missing: readonly Statement[]): Promise<void> {
    if (this.drained !== undefined) await this.drained;
    const preparation = new Preparation(missing);
    (client as unknown as Client).query(preparation as unknown as Submittable);
    try {
      await preparation.answered;
    } catch (error) {
      // Some of them may be known now: nobody can tell.
      this.destroy();
      throw new QueryFailedError(missing.map(({ text }) => text).join('; '), [], error as Error);
    }
    for (const { name } of missing) known.add(name);
  }

  private async send(bound: readonly BoundStatement[]): Promise<TextRow[][]> {
    const client = this.connected();
    const batch = new StatementBatch(bound);
    (client as unknown as Client).query(batch as unknown as Submittable);
    try {
      return await batch.answered;
    } catch (error) {
      // Something on this connection has said DEALLOCATE or DISCARD.
      if (errorCodeOf(error) === UNKNOWN_STATEMENT) forgetStatements(client);
      throw new QueryFailedError(bound.map(({ statement }) => statement.text).join('; '), [], error as Error);
    }
  }

  private beginning(): BoundStatement {
    return { statement: beginStatement(this.options), values: [] };
  }

  private setInTransaction(active: boolean): void {
    const runner = this.runner as unknown as PostgresRunner;
    runner.isTransactionActive = active;
    runner.transactionDepth = active ? 1 : 0;
  }

  private forgetClient(): void {
    this.client?.off('error', this.onLost);
    this.client?.off('end', this.onLost);
    this.client = undefined;
  }
}
