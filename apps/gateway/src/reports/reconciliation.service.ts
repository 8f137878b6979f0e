import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Database } from '../database.js';
import { isStatementTimeout } from '../problems/database-failures.js';
import { ProblemError } from '../problems/problem-error.js';
import { CHECK_RETURN_LINES, MONEY_TOTALS, PIECE_TOTALS, RECONCILIATION_CHECKS, RUN_COUNTS } from './reconciliation-queries.js';

export const AUDITOR_POOL = Symbol('AUDITOR_POOL');

export interface Discrepancy {
  kind: string;
  orderId?: string;
  returnId?: string;
  sku?: string;
  currency?: string;
  expected: number;
  actual: number;
}

export interface ReconciliationReport {
  /** No discrepancy at all. */
  clean: boolean;
  checkedAt: string;
  /** Orders that have ended, and were judged in full. */
  checkedOrders: number;
  /** Counted, and judged only by what can never be. */
  runningOrders: number;
  checkedReturns: number;
  runningReturns: number;
  totals: {
    orders: Record<string, number>;
    returns: Record<string, number>;
    /** Of orders and returns that have ended, by currency, in minor units: `charged - reversed - refunded` is `completedOrders - completedReturns`. */
    money: Record<string, { charged: number; reversed: number; refunded: number; net: number; completedOrders: number; completedReturns: number; netExpected: number }>;
    /** Pieces by ledger kind, running orders included. */
    pieces: Record<string, number>;
  };
  discrepancyCount: number;
  /** At most 1,000; `discrepancyCount` tells how many there are. */
  discrepancies: Discrepancy[];
}

const DISCREPANCIES_MAX = 1_000;
/** The most that one check of a report may take. */
export const REPORT_STATEMENT_TIMEOUT_MS = 60_000;
/** A server that does not even begin a transaction within this time is away. */
const BEGIN_TIMEOUT_MS = 3_000;
const RETURN_LINES_PER_PAGE = 20_000;

interface DiscrepancyRow {
  kind: string;
  order_id: string | null;
  return_id: string | null;
  sku: string | null;
  currency: string | null;
  expected: string | number;
  actual: string | number;
  total: string;
}

/** Settles the accounts of all services against each other, in one snapshot, as the role `auditor`, which can read the ledgers and nothing else. */
@Injectable()
export class ReconciliationService implements OnApplicationShutdown {
  private running: Promise<ReconciliationReport> | undefined;

  constructor(
    @Inject(AUDITOR_POOL) private readonly auditor: pg.Pool,
    @Inject(Database) private readonly database: Database,
  ) {}

  /** Whoever asks while a report is being made gets that one. @throws ProblemError `report-timed-out` */
  report(): Promise<ReconciliationReport> {
    this.running ??= this.reconcile().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.auditor.end();
  }

  private async reconcile(): Promise<ReconciliationReport> {
    const client = await this.auditor.connect();
    let broken: Error | undefined;
    // The pool listens to idle connections only; one that breaks between two answers would end the process.
    const onBroken = (error: Error) => {
      broken = error;
    };
    client.on('error', onBroken);
    try {
      await client.query({ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', query_timeout: BEGIN_TIMEOUT_MS } as pg.QueryConfig);
      await client.query(`SET LOCAL statement_timeout = ${REPORT_STATEMENT_TIMEOUT_MS}`);
      const report = await this.checkAll(client);
      await client.query('COMMIT');
      return report;
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      if (isStatementTimeout(error)) throw new ProblemError('report-timed-out', undefined, {}, { cause: error });
      throw error;
    } finally {
      // A connection in an unknown state is not used again.
      client.off('error', onBroken);
      client.release(broken);
    }
  }

  private async checkAll(client: pg.PoolClient): Promise<ReconciliationReport> {
    const discrepancies: Discrepancy[] = [];
    let discrepancyCount = 0;
    const take = (rows: DiscrepancyRow[]): void => {
      discrepancyCount += Number(rows[0]?.total ?? 0);
      discrepancies.push(...rows.slice(0, DISCREPANCIES_MAX - discrepancies.length).map(discrepancyOf));
    };
    const counts = await client.query<{ kind: string; status: string; count: string }>(RUN_COUNTS);
    for (const check of RECONCILIATION_CHECKS) take((await client.query<DiscrepancyRow>(bounded(check.sql))).rows);
    for await (const page of this.returnLines()) take((await client.query<DiscrepancyRow>(bounded(CHECK_RETURN_LINES), page)).rows);
    const moneyRows = (await client.query<Record<string, string>>(MONEY_TOTALS)).rows;
    const money = moneyRows.map(moneyTotals);
    for (const [index, [currency, total]] of money.entries()) {
      if (isBalanced(moneyRows[index] as Record<string, string>)) continue;
      discrepancyCount += 1;
      if (discrepancies.length < DISCREPANCIES_MAX) discrepancies.push({ kind: 'total.money', currency, expected: total.netExpected, actual: total.net });
    }
    const pieces = await client.query<{ kind: string; quantity: string }>(PIECE_TOTALS);
    const countsOf = (kind: string): Record<string, number> =>
      Object.fromEntries(counts.rows.filter((row) => row.kind === kind).map((row) => [row.status, Number(row.count)]));
    const [orders, returns] = [countsOf('order'), countsOf('return')];
    return {
      clean: discrepancyCount === 0,
      checkedAt: new Date().toISOString(),
      checkedOrders: endedOf(orders),
      runningOrders: orders['running'] ?? 0,
      checkedReturns: endedOf(returns),
      runningReturns: returns['running'] ?? 0,
      totals: { orders, returns, money: Object.fromEntries(money), pieces: Object.fromEntries(pieces.rows.map((row) => [row.kind, Number(row.quantity)])) },
      discrepancyCount,
      discrepancies,
    };
  }

  /** What this gateway decided should come back, in pages of whole returns. */
  private async *returnLines(): AsyncGenerator<[string[], string[], string[], string[], string[]]> {
    let afterReturnId = '';
    for (;;) {
      const rows = await this.database.query<{ return_id: string; order_id: string; sku: string; quantity: string; unit_price_minor: string }>(
        `SELECT return_id, order_id, sku, quantity, unit_price_minor FROM gateway.return_line WHERE return_id > $1
         ORDER BY return_id FETCH FIRST ${RETURN_LINES_PER_PAGE} ROWS WITH TIES`,
        [afterReturnId],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      afterReturnId = last.return_id;
      yield [rows.map((row) => row.return_id), rows.map((row) => row.order_id), rows.map((row) => row.sku), rows.map((row) => row.quantity), rows.map((row) => row.unit_price_minor)];
    }
  }
}

function bounded(sql: string): string {
  return `SELECT found.*, count(*) OVER () AS total FROM (${sql}) AS found ORDER BY kind, order_id, return_id, sku LIMIT ${DISCREPANCIES_MAX}`;
}

function discrepancyOf(row: DiscrepancyRow): Discrepancy {
  return {
    kind: row.kind,
    ...(row.order_id === null ? {} : { orderId: row.order_id }),
    ...(row.return_id === null ? {} : { returnId: row.return_id }),
    ...(row.sku === null ? {} : { sku: row.sku }),
    ...(row.currency === null ? {} : { currency: row.currency }),
    expected: Number(row.expected),
    actual: Number(row.actual),
  };
}

/** Exactly, whatever the amounts: a sum over all orders may be beyond what a number can hold. */
function isBalanced(row: Record<string, string>): boolean {
  const read = (column: string): bigint => BigInt(row[column] as string);
  return read('charged') - read('reversed') - read('refunded') === read('completed_orders') - read('completed_returns');
}

function moneyTotals(row: Record<string, string>): [string, ReconciliationReport['totals']['money'][string]] {
  const read = (column: string): number => Number(row[column]);
  const [charged, reversed, refunded] = [read('charged'), read('reversed'), read('refunded')];
  const [completedOrders, completedReturns] = [read('completed_orders'), read('completed_returns')];
  return [
    row['currency'] ?? 'unknown',
    { charged, reversed, refunded, net: charged - reversed - refunded, completedOrders, completedReturns, netExpected: completedOrders - completedReturns },
  ];
}

function endedOf(counts: Record<string, number>): number {
  return Object.entries(counts).reduce((sum, [status, count]) => sum + (status === 'running' ? 0 : count), 0);
}
