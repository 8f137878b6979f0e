import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import { DataSource } from 'typeorm';
import { migrations } from '../src/migrations/index.js';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase('ledger_of_removed');
  dataSource = await new DataSource({ type: 'postgres', url: database.url, installExtensions: false, migrations: [...migrations] }).initialize();
  await dataSource.runMigrations();
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.drop();
});

async function insertRun(workflowId: string, workflowType: string, status: string, attributes: object): Promise<void> {
  await dataSource.query(
    `INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, closed_at_ms, next_event_id,
      history_size_bytes, open_activities, open_incidents, request_fingerprint, search_attributes, memo)
     VALUES ($1, $2, $3, 1, $4, 1000, CASE WHEN $4 = 'RUNNING' THEN NULL ELSE 2000 END, 3, 100, 0, 0, 'f', $5, '{}')`,
    [randomUUID(), workflowId, workflowType, status, JSON.stringify(attributes)],
  );
}

const remove = (workflowId: string): Promise<unknown> => dataSource.query('DELETE FROM orchestrator.execution WHERE workflow_id = $1', [workflowId]);
const ledger = (): Promise<object[]> => dataSource.query('SELECT * FROM orchestrator.ledger ORDER BY entry_id');

describe('the ledger of the orchestrator, when runs are removed', () => {
  it('given orders, a return and a stock intake, when their runs are removed, then the auditor reads of orders and returns what it read before', async () => {
    await insertRun('order-1', 'orderWorkflow', 'COMPLETED', { OrderStatus: ['completed'], AmountMinor: [1_250], Currency: ['GBP'] });
    await insertRun('order-2', 'orderWorkflow', 'COMPLETED', { OrderStatus: ['compensated'], AmountMinor: [99], Currency: ['EUR'] });
    await insertRun('order-3', 'orderWorkflow', 'RUNNING', { AmountMinor: [5], Currency: ['GBP'] });
    await insertRun('return-1', 'returnWorkflow', 'COMPLETED', { ReturnStatus: ['completed'], AmountMinor: [50], Currency: ['GBP'] });
    await insertRun('stock-1', 'stockIntakeWorkflow', 'COMPLETED', {});
    const before = await ledger();
    expect(before).toHaveLength(4);
    for (const workflowId of ['order-1', 'order-2', 'return-1', 'stock-1']) await remove(workflowId);
    expect(await ledger()).toEqual(before);
    const [{ count }] = await dataSource.query('SELECT count(*)::integer AS count FROM orchestrator.execution');
    expect(count).toBe(1);
  });

  it('given an order whose run was removed, when its id is started anew and refused by the services, then the books keep what became of it first', async () => {
    await insertRun('order-1', 'orderWorkflow', 'FAILED', { OrderStatus: ['failed'], AmountMinor: [1_250], Currency: ['GBP'] });
    const entry = async (): Promise<object> => dataSource.query(`SELECT reference FROM orchestrator.ledger WHERE entry_id = 'order-1'`);
    expect(await entry()).toEqual([{ reference: 'completed' }]);
    await remove('order-1');
    expect(await entry()).toEqual([{ reference: 'completed' }]);
  });
});
