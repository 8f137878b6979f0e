import type { Client, PoolClient, Submittable } from 'pg';
import type { DataSource } from 'typeorm';
import { AttemptEndedError } from '../errors/usage-errors.js';
import { errorCodeOf, isStatementError } from '../inbox/database-errors.js';
import { forgetStatements, knownStatements } from '../inbox/known-statements.js';
import { Preparation, type Statement } from '../inbox/statement-batch.js';
import { SharedTransaction, type StatementAnswer } from './shared-transaction.js';
import type { StepStatement } from './step-statements.js';

/** A statement on its way. */
export interface RunningStatement {
  /** Rejects with what Postgres, or the connection, said; then nothing is known of what was done, if `statementsInTransaction` is not 1 or the connection broke. */
  answered: Promise<StatementAnswer>;
  /** How many shared the transaction; 0 before it was sent. */
  readonly statementsInTransaction: number;
  /** Takes the statement back: if it has been sent, its connection is ended, whatever else is on it. */
  abandon(): void;
}

export interface StatementLanesOptions {
  /** Statements in one transaction. */
  statementsMax: number;
  /** Connections at once. */
  connectionsMax: number;
}

/** A transaction that takes longer does not keep others waiting: they take another connection. */
const PATIENCE_MS = 10;
const UNKNOWN_STATEMENT = '26000';

interface MasterConnections {
  obtainMasterConnection(): Promise<[client: PoolClient, release: (error?: Error) => void]>;
}

class Waiting implements RunningStatement {
  readonly answered: Promise<StatementAnswer>;
  resolve!: (answer: StatementAnswer) => void;
  reject!: (error: unknown) => void;
  statementsInTransaction = 0;
  isAbandoned = false;
  /** Ends the connection that it was sent on. */
  kill: (() => void) | undefined;

  constructor(readonly step: StepStatement) {
    this.answered = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  abandon(): void {
    this.isAbandoned = true;
    this.kill?.();
    this.reject(new AttemptEndedError());
  }
}

/**
 * Runs statements that are whole transactions by themselves. Those that are waiting when a connection is free share one transaction: they leave in one write, and are
 * committed together. Nothing waits for others to come: a lone statement goes at once, by itself.
 *
 * A statement that fails takes the others of its transaction with it: nothing of any of them was done.
 *
 * A connection is taken from the pool when there is something to do, and given back when nothing is left.
 */
export class StatementLanes {
  private readonly waiting: Waiting[] = [];
  private lanes = 0;
  /** Of the youngest transaction under way, or of the youngest wait for a connection. */
  private lastBegunAtMs = 0;
  private impatience: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: StatementLanesOptions,
  ) {}

  run(step: StepStatement): RunningStatement {
    const statement = new Waiting(step);
    this.waiting.push(statement);
    this.openLanes();
    return statement;
  }

  private openLanes(): void {
    const { connectionsMax, statementsMax } = this.options;
    if (this.lanes >= connectionsMax) return;
    if (this.lanes === 0 || statementsMax === 1 || performance.now() - this.lastBegunAtMs >= PATIENCE_MS) {
      this.lanes += 1;
      void this.lane();
    } else if (this.impatience === undefined) {
      this.impatience = setTimeout(() => {
        this.impatience = undefined;
        if (this.waiting.length > 0) this.openLanes();
      }, PATIENCE_MS);
      this.impatience.unref();
    }
  }

  private async lane(): Promise<void> {
    this.lastBegunAtMs = performance.now();
    let client: PoolClient;
    let release: (error?: Error) => void;
    try {
      [client, release] = await (this.dataSource.driver as unknown as MasterConnections).obtainMasterConnection();
    } catch (error) {
      this.lanes -= 1;
      if (this.lanes === 0) for (const statement of this.waiting.splice(0)) statement.reject(error);
      return;
    }
    let broken: Error | undefined;
    const onError = (error: Error) => (broken ??= error);
    client.on('error', onError);
    const kill = () => {
      if (broken !== undefined) return;
      broken = new AttemptEndedError();
      const { processID } = client as unknown as { processID?: number };
      release(broken);
      // A server that waits for a lock does not notice a closed socket.
      this.dataSource.query('SELECT pg_terminate_backend($1)', [processID]).catch(() => undefined);
    };
    while (broken === undefined) {
      const batch = this.take();
      if (batch.length === 0) break;
      this.lastBegunAtMs = performance.now();
      try {
        await this.transact(client, batch, kill);
      } catch (error) {
        if (!isStatementError(error)) broken ??= error as Error;
        for (const { reject } of batch) reject(error);
      }
    }
    this.lanes -= 1;
    // The last errors of a connection that is given up concern nobody any more, but must be heard.
    if (broken === undefined) client.off('error', onError);
    if (!(broken instanceof AttemptEndedError)) release(broken);
    if (this.waiting.length > 0) this.openLanes();
  }

  /** Takes what is waiting, except what was taken back. */
  private take(): Waiting[] {
    const batch: Waiting[] = [];
    while (batch.length < this.options.statementsMax) {
      const next = this.waiting.shift();
      if (next === undefined) break;
      if (!next.isAbandoned) batch.push(next);
    }
    return batch;
  }

  private async transact(client: PoolClient, batch: readonly Waiting[], kill: () => void): Promise<void> {
    const known = knownStatements(client);
    const missing = new Map<string, Statement>();
    for (const { step } of batch) if (!known.has(step.statement.name)) missing.set(step.statement.name, step.statement);
    for (const statement of batch) {
      statement.statementsInTransaction = batch.length;
      statement.kill = kill;
    }
    try {
      if (missing.size > 0) {
        const preparation = new Preparation([...missing.values()]);
        (client as unknown as Client).query(preparation as unknown as Submittable);
        await preparation.answered;
        for (const name of missing.keys()) known.add(name);
      }
      const transaction = new SharedTransaction(batch.map(({ step }) => step));
      (client as unknown as Client).query(transaction as unknown as Submittable);
      const answers = await transaction.answered;
      batch.forEach(({ resolve }, index) => resolve(answers[index] as StatementAnswer));
    } catch (error) {
      // Some of the preparation may be known now, or something on this connection has said DEALLOCATE.
      if ([...missing.keys()].some((name) => !known.has(name)) || errorCodeOf(error) === UNKNOWN_STATEMENT) {
        forgetStatements(client);
        await (client as unknown as Client).query('DEALLOCATE ALL').catch(() => undefined);
      }
      throw error;
    } finally {
      for (const statement of batch) statement.kill = undefined;
    }
  }
}
