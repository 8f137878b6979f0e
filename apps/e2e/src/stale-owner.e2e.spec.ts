import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { PlaceOrder } from '@backstitch/contracts';
import { awaitClosed, placeOrder, placeSamples, readReconciliation, sampleOrders, waitUntil } from '@backstitch/stack';
import { backends, startPlatform, type Platform } from './support/platform.js';

jest.setTimeout(300_000);

const ORDERS = 12;
const backend = backends().at(-1) ?? 'postgres';

/** An orchestrator that stands still as long as its leases last and longer, while the other one takes over and goes on; then it wakes up. */
describe(`a stale orchestrator, with queues on ${backend}`, () => {
  let platform: Platform;
  let database: pg.Client;

  beforeAll(async () => {
    platform = await startPlatform(backend, { instances: { orchestrator: 2 } });
    database = new pg.Client({ connectionString: platform.stack.databaseUrls['admin'] });
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await platform?.stop();
  });

  const urlOf = (orchestrator: number): string => platform.stack.instance('orchestrator', orchestrator).url;
  const authorization = (): Record<string, string> => ({ authorization: `Bearer ${platform.stack.controlToken}` });

  async function ownedBy(orchestrator: number): Promise<number> {
    const response = await fetch(`${urlOf(orchestrator)}/v1/info`, { headers: authorization() });
    return ((await response.json()) as { partitions: { owned: number } }).partitions.owned;
  }

  async function untilOwned(owned: Record<number, number>): Promise<void> {
    await waitUntil(
      async () => {
        for (const [orchestrator, partitions] of Object.entries(owned)) {
          if ((await ownedBy(Number(orchestrator))) !== partitions) return undefined;
        }
        return true;
      },
      { timeoutMs: 100_000, what: `the partitions to be held as ${JSON.stringify(owned)}` },
    );
  }

  async function staleAppendsOf(orchestrator: number): Promise<number> {
    const metrics = await (await fetch(`${urlOf(orchestrator)}/metrics`)).text();
    return Number(/^backstitch_stale_appends_total\S* (\d+)$/m.exec(metrics)?.[1] ?? 0);
  }

  /** Orders that have been charged and cannot be shipped as long as the transaction on `database` is open. */
  async function placeHeldBeforeShipping(): Promise<string[]> {
    await database.query('BEGIN');
    await database.query('LOCK TABLE fulfilment.shipment IN ACCESS EXCLUSIVE MODE');
    const bodies = sampleOrders(100).filter(({ expected }) => expected === 'completed').map(({ body }) => body as PlaceOrder);
    const placed = await Promise.all(Array.from({ length: ORDERS }, (_, index) => placeOrder(platform.stack, bodies[index] as PlaceOrder, `stale-${index}`)));
    await waitUntil(
      async () => {
        const { rows } = await database.query<{ waiting: string }>(`SELECT count(*) AS waiting FROM pg_locks WHERE relation = 'fulfilment.shipment'::regclass AND NOT granted`);
        return Number(rows[0]?.waiting) > 0 || undefined;
      },
      { timeoutMs: 100_000, what: 'orders to wait for their shipment' },
    );
    return placed.map(({ orderId }) => `order-${orderId as string}`);
  }

  it('does no harm when it wakes up: its appends lose to the fence, every order ends, the accounts are settled, and it joins again', async () => {
    await untilOwned({ 1: 32, 2: 32 });
    await placeSamples(platform.stack, { count: 10 });
    const workflowIds = await placeHeldBeforeShipping();

    // A connection for each of the calls below: what has arrived on an open one is read before the sleeper learns, with its next renewal, what it has lost.
    await Promise.all(workflowIds.map(() => ownedBy(2)));
    const { process: sleeper } = platform.stack.instance('orchestrator', 2);
    process.kill(sleeper.pid as number, 'SIGSTOP');
    // What is said to it while it sleeps it hears on waking, when it still takes its memory of these runs for the newest.
    const said = workflowIds.map(async (workflowId) => {
      const response = await fetch(`${urlOf(2)}/v1/workflows/${workflowId}/signal`, {
        method: 'POST',
        headers: { ...authorization(), 'content-type': 'application/json' },
        body: JSON.stringify({ signalName: 'said while asleep', args: [] }),
      });
      return response.status;
    });
    try {
      await untilOwned({ 1: 64 });
      await database.query('COMMIT');
      const access = { urls: { orchestrator: urlOf(1) }, controlToken: platform.stack.controlToken };
      expect(await awaitClosed(access, workflowIds, { timeoutMs: 100_000 })).toEqual([]);
    } finally {
      process.kill(sleeper.pid as number, 'SIGCONT');
    }

    // The runs are closed: nothing more can be said to them.
    expect(new Set(await Promise.all(said))).toEqual(new Set([409]));
    expect(await staleAppendsOf(2)).toBeGreaterThan(0);
    await untilOwned({ 1: 32, 2: 32 });
    const { outcome } = await placeSamples(platform.stack, { count: 20 });
    expect(outcome.orders.running).toBe(0);
    expect(await readReconciliation(platform.stack)).toMatchObject({ clean: true, discrepancies: [] });
  });
});
