import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { awaitClosed, placeOrder, requestJson, sampleOrders, waitUntil } from '@backstitch/stack';
import { backends, startPlatform, type Platform } from './support/platform.js';

jest.setTimeout(300_000);

const RETENTION_MS = 15_000;
const ORDERS = 20;

describe.each(backends())('a platform that keeps closed runs for some seconds, with queues on %s', (backend) => {
  let platform: Platform;
  let database: pg.Client;

  beforeAll(async () => {
    const environment = { RETENTION_MS: String(RETENTION_MS) };
    platform = await startPlatform(backend, { environment: { orchestrator: environment, inventory: environment, payment: environment, fulfilment: environment } });
    database = new pg.Client({ connectionString: platform.stack.databaseUrls.admin });
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await platform?.stop();
  });

  const count = async (table: string): Promise<number> => Number((await database.query<{ count: string }>(`SELECT count(*) FROM ${table}`)).rows[0]?.count);

  /** The whole report, without the time at which it was made. */
  async function reconciliation(): Promise<object> {
    const { urls, keys } = platform.stack;
    const { body } = await requestJson(`${urls.gateway}/reports/reconciliation`, { headers: { authorization: `Bearer ${keys.operator}` } });
    return { ...body, checkedAt: undefined };
  }

  it('given orders that have ended, when their time is over, then runs and keys are gone, and the books are as they were', async () => {
    const placed = await Promise.all(sampleOrders(ORDERS).map(({ body }, index) => placeOrder(platform.stack, body, `retention-${index}`)));
    expect(await awaitClosed(platform.stack, placed.map(({ orderId }) => `order-${orderId}`), { timeoutMs: 100_000 })).toEqual([]);
    const before = await reconciliation();
    expect(before).toMatchObject({ clean: true, checkedOrders: ORDERS });
    for (const table of ['orchestrator.execution', 'orchestrator.history', 'inventory.inbox', 'payment.inbox', 'fulfilment.inbox']) {
      await waitUntil(async () => (await count(table)) === 0 || undefined, { timeoutMs: 100_000, what: `${table} to be empty` });
    }
    expect(await reconciliation()).toEqual(before);
  });
});
