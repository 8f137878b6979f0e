import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { ImportLocks } from '../src/imports/import-locks.js';
import type { ImportLine } from '../src/imports/import-line.js';
import { ImportProcessor } from '../src/imports/import-processor.js';
import { ImportStaging } from '../src/imports/import-staging.js';
import { ReturnStarter } from '../src/returns/return-starter.js';
import { COMPENSATED, COMPLETED, FakeOrchestrator } from './fake-orchestrator.js';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

class CrashError extends Error {
  override readonly name = 'CrashError';
}

const line = (lineNumber: number, invoiceNumber: string, sku: string, quantity: number, customerId: string | null = '17850'): ImportLine => ({
  lineNumber,
  invoiceNumber,
  sku,
  description: null,
  quantity,
  unitPriceMinor: 100,
  customerId,
  country: 'France',
});
/** A sale that is completed, one that is undone, one without a valid line; a cancellation that is matched in part, and one that is not. */
const LINES = [line(2, '1', 'A', 5), line(3, '2', 'A', 3), line(4, '3', 'B', -1), line(5, 'C4', 'A', -7), line(6, 'C5', 'B', -1), line(7, '6', 'A', 1, null)];
/** An import for each statement that it makes. */
const TIMEOUT_MS = 600_000;
const IMPORT_ID = '00000000-0000-4000-8000-000000000001';
/** The end of the statements that a crash lets through: what the server does by itself when a connection breaks. */
const BY_THE_SERVER = /^\s*(ROLLBACK|SELECT pg_advisory)/i;

describe('the processing of an import that is killed', () => {
  let database: TestDatabase;
  let gateway: GatewayUnderTest;
  let orchestrator: FakeOrchestrator;
  /** How many more statements and starts are let through; everything after them fails, as if the process were gone. */
  let credit = Number.POSITIVE_INFINITY;

  const spend = (): void => {
    if (credit <= 0) throw new CrashError('killed');
    credit -= 1;
  };
  /** Processes the import, killed after so many statements. @returns whether it got to its end */
  const process = async (statements: number): Promise<boolean> => {
    credit = statements;
    try {
      await gateway.app.get(ImportProcessor).process(IMPORT_ID, new AbortController().signal);
      return true;
    } catch (error) {
      if (error instanceof CrashError) return false;
      throw error;
    } finally {
      credit = Number.POSITIVE_INFINITY;
    }
  };
  const stage = async (): Promise<void> => {
    orchestrator.runs.clear();
    await gateway.dataSource.query('TRUNCATE gateway.import, gateway.cancellation_decision, gateway.return_line, gateway.order_return, gateway.returnable_line CASCADE');
    const staging = gateway.app.get(ImportStaging);
    await staging.create({ id: IMPORT_ID, placedBy: 'key', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', stockPerSku: 9 });
    await staging.stage(IMPORT_ID, LINES, []);
    await staging.complete(IMPORT_ID, 1, LINES.length);
  };
  /** All that an import leaves behind, here and at the orchestrator, but times. */
  const traces = async (): Promise<unknown> => {
    const read = (sql: string): Promise<unknown> => gateway.dataSource.query(sql);
    return {
      runs: [...orchestrator.runs.values()].map(({ start }) => start).sort((left, right) => (left.workflowId < right.workflowId ? -1 : 1)),
      import: await read('SELECT status, (SELECT count(*) FROM gateway.import_line) AS staged FROM gateway.import'),
      invoices: await read('SELECT invoice_number, kind, state, reference_id, already_placed, amount_minor, outcome_reason, failed_step FROM gateway.import_invoice ORDER BY 1'),
      rejections: await read('SELECT line_number, scope, reason, invoice_number, detail FROM gateway.import_rejection ORDER BY 1, 2'),
      returns: await read('SELECT return_id, return_order, status FROM gateway.order_return ORDER BY 1'),
      returnable: await read('SELECT order_id, sku, sold, returned FROM gateway.returnable_line ORDER BY 1, 2'),
      decisions: await read('SELECT invoice_number, return_id, rejections FROM gateway.cancellation_decision ORDER BY 1'),
    };
  };

  beforeAll(async () => {
    database = await createGatewayDatabase('import_crash');
    orchestrator = new FakeOrchestrator();
    orchestrator.ending = (request) => ((request.args[0] as { reference?: string }).reference === '2' ? COMPENSATED : COMPLETED);
    gateway = await GatewayUnderTest.start(database, { orchestrator });
    // The test alone works on the import and its returns.
    await gateway.app.get(ImportLocks).tryLock(IMPORT_ID);
    await gateway.app.get(ReturnStarter).onApplicationShutdown();
    orchestrator.beforeStart = spend;
    const runner: QueryRunner = gateway.dataSource.createQueryRunner();
    const prototype = Object.getPrototypeOf(runner) as QueryRunner;
    await runner.release();
    const { query } = prototype;
    jest.spyOn(prototype, 'query').mockImplementation(async function (this: QueryRunner, ...call: Parameters<typeof query>) {
      if (!BY_THE_SERVER.test(call[0])) spend();
      return query.apply(this, call);
    } as typeof query);
  });
  beforeEach(stage);
  afterAll(async () => {
    jest.restoreAllMocks();
    await gateway.stop();
    await database.drop();
  });

  it('goes on to the same end, wherever it was killed', async () => {
    expect(await process(Number.POSITIVE_INFINITY)).toBe(true);
    const expected = await traces();
    let kills = 0;
    for (let statements = 0; ; statements++) {
      await stage();
      if (await process(statements)) break;
      kills += 1;
      expect(await process(Number.POSITIVE_INFINITY)).toBe(true);
      expect({ statements, traces: await traces() }).toEqual({ statements, traces: expected });
    }
    expect(kills).toBeGreaterThan(30);
  }, TIMEOUT_MS);

  it('goes on to the same end, though it is killed again and again', async () => {
    await process(Number.POSITIVE_INFINITY);
    const expected = await traces();
    await stage();
    for (let statements = 3; !(await process(statements)); statements++);
    expect(await traces()).toEqual(expected);
  }, TIMEOUT_MS);
});
