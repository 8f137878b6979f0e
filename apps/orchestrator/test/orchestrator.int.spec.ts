import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order } from '@backstitch/contracts';
import type { StartWorkflowRequest, StartWorkflowResult, WorkflowDescription } from '@backstitch/protocol';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import pg from 'pg';
import { startOrchestrator } from '../src/start-orchestrator.js';

const TOKEN = 'a-token-of-the-control-wire';
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };

interface LedgerRow {
  entry_id: string;
  kind: string;
  order_id: string;
  reference: string;
  amount_minor: string | null;
  currency: string | null;
}

describe.each(queueBackendsUnderTest())('the orchestrator with its queues on %s', (backend) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let service: RunningService<unknown>;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase(`orchestrator_${backend}`);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE SCHEMA orchestrator');
    service = await startOrchestrator(new URL('../src/main.ts', import.meta.url).href, {
      env: {
        DATABASE_URL: database.url,
        PORT: '0',
        CONTROL_TOKEN: TOKEN,
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: `orchestrator-${randomUUID().slice(0, 8)}` } : {}),
      },
      process: noProcess,
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
    });
  });

  afterAll(async () => {
    await service?.stop();
    await client?.end();
    await database?.drop();
  });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${service.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  const ledger = async (): Promise<LedgerRow[]> =>
    (await client.query<LedgerRow>('SELECT entry_id, kind, order_id, reference, amount_minor, currency FROM orchestrator.ledger ORDER BY entry_id')).rows;

  it('given the program from source, when it starts, then an order starts, its first step is scheduled with its undo, and the ledger shows it', async () => {
    const order: Order = {
      orderId: '7',
      customerId: null,
      currency: 'GBP',
      amountMinor: 500,
      paymentToken: 'tok_visa',
      lines: [{ sku: 'A', quantity: 1, unitPriceMinor: 500 }],
      shippingAddress: { country: 'United Kingdom' },
    };
    const start: StartWorkflowRequest = {
      workflowId: 'order-7',
      workflowType: 'orderWorkflow',
      args: [JSON.parse(JSON.stringify(order))],
      searchAttributes: { OrderId: ['7'], OrderStatus: ['reserving'], AmountMinor: [500], Currency: ['GBP'] },
    };
    const { results } = await call<{ results: StartWorkflowResult[] }>('POST', '/workflows', { starts: [start] });
    expect(results).toMatchObject([{ status: 'started', workflowId: 'order-7' }]);
    const described = await call<WorkflowDescription>('GET', '/workflows/order-7');
    expect(described).toMatchObject({
      status: 'RUNNING',
      activities: [{ activityType: 'reserveStock', undo: { activityType: 'releaseStock', taskQueue: 'inventory.compensation' } }],
    });
    expect(await ledger()).toEqual([{ entry_id: 'order-7', kind: 'order', order_id: '7', reference: 'running', amount_minor: '500', currency: 'GBP' }]);
  });

  it.each([
    ['RUNNING', 'reserving', 'running'],
    ['COMPLETED', 'completed', 'completed'],
    ['COMPLETED', 'compensated', 'compensated'],
    ['CANCELED', 'cancelled', 'cancelled'],
    ['FAILED', 'failed', 'failed'],
    ['TERMINATED', 'charging', 'failed'],
  ])('given runs that are %s with status %s, when the ledger is read, then their order and their return are %s', async (status, attribute, reference) => {
    await client.query('BEGIN');
    try {
      for (const [type, id, name] of [['orderWorkflow', 'order-9', 'OrderStatus'], ['returnWorkflow', 'return-9', 'ReturnStatus'], ['stockIntakeWorkflow', 'stock-intake-9', 'OrderId']]) {
        await client.query(
          `INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, next_event_id, history_size_bytes,
                                               open_activities, open_incidents, request_fingerprint, search_attributes, memo)
           VALUES (gen_random_uuid(), $1, $2, 0, $3, 1000, 2, 10, 0, 0, '', $4, '{}')`,
          [id, type, status, { [name ?? '']: [attribute], AmountMinor: [12], Currency: ['GBP'] }],
        );
      }
      const rows = (await ledger()).filter((row) => row.order_id === '9');
      expect(rows).toEqual([
        { entry_id: 'order-9', kind: 'order', order_id: '9', reference, amount_minor: '12', currency: 'GBP' },
        { entry_id: 'return-9', kind: 'return', order_id: '9', reference, amount_minor: '12', currency: 'GBP' },
      ]);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('given no token, when the control wire is called, then it is refused', async () => {
    expect((await fetch(`${service.url}/v1/info`)).status).toBe(401);
  });
});
