import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { Page } from 'playwright-core';
import type { PlaceOrder } from '@backstitch/contracts';
import { awaitClosed, importOrders, placeOrder, placeSamples, readImport, readReconciliation, requestJson, sampleOrders, uploadOrders, waitUntil, type Stack } from '@backstitch/stack';
import { cutDecemberFile, hasDecemberFile, writeOrdersFile } from './support/orders-file.js';
import { CHROMIUM, launchBrowser } from './support/browser.js';
import { backends, startPlatform, type Platform } from './support/platform.js';

jest.setTimeout(300_000);

const sampleOrder = (): PlaceOrder => sampleOrders(1)[0]?.body as PlaceOrder;
const CLEAN = { clean: true, discrepancies: [] };
const files = mkdtempSync(join(tmpdir(), 'backstitch-e2e-files-'));
afterAll(() => {
  rmSync(files, { recursive: true, force: true });
});

/** A failure of the activity, with a line of its stack, as it stands on a page. */
const DECLINED_WITH_STACK = /ApplicationFailure: .*declined[\s\S]*\n\s+at .+:\d+:\d+/;

async function failedJobs(page: Page, consoleUrl: string): Promise<number> {
  const response = await page.request.get(`${consoleUrl}/queues/api/queues?activeQueue=payment&status=failed&page=1&jobsPerPage=10`);
  const { queues } = (await response.json()) as { queues: { name: string; counts: { failed: number; waiting: number; active: number } }[] };
  const counts = queues.find(({ name }) => name === 'payment')?.counts;
  if (counts === undefined) throw new Error('Bull Board does not know the queue payment.');
  return counts.waiting + counts.active > 0 ? -1 : counts.failed;
}

/** What the payment provider charged and refunded in all. */
async function chargeTotals({ urls }: Stack): Promise<unknown> {
  return (await requestJson(`${urls['stripe-simulator']}/_simulator/totals`, {})).body;
}

/**
 * Places an order that has shipped and now waits to take its goods off the stock, for as long as the transaction that is left open on `database`;
 * then that step fails.
 */
async function placeHeldBeforeDeduction(stack: Stack, database: pg.Client, idempotencyKey: string): Promise<{ orderId: string }> {
  await database.query(`
    CREATE OR REPLACE FUNCTION inventory.hold_deduction() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RAISE EXCEPTION 'held back'; END $$`);
  await database.query(`
    CREATE OR REPLACE TRIGGER hold_deduction BEFORE UPDATE ON inventory.reservation FOR EACH ROW
    WHEN (NEW.state = 'deducted') EXECUTE FUNCTION inventory.hold_deduction()`);
  await database.query('BEGIN');
  await database.query('SELECT pg_advisory_xact_lock(4711)');
  const { orderId } = await placeOrder(stack, sampleOrder(), idempotencyKey);
  await waitUntil(
    async () => {
      const { rowCount } = await database.query('SELECT FROM fulfilment.shipment WHERE order_id = $1', [orderId]);
      const { rows } = await database.query<{ waiting: string }>(`SELECT count(*) AS waiting FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`);
      return (rowCount === 1 && rows[0]?.waiting === '1') || undefined;
    },
    { timeoutMs: 100_000, what: 'the order to wait for its deduction' },
  );
  return { orderId };
}

interface OpenIncident {
  workflowId: string;
  incidentNumber: number;
  kind: string;
}

function openIncidentOf(body: unknown, orderId: string): OpenIncident | undefined {
  return (body as { incidents: OpenIncident[] }).incidents.find(({ workflowId }) => workflowId === `order-${orderId}`);
}

describe.each(backends())('the whole platform with its queues on %s', (backend) => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform(backend);
  });
  afterAll(async () => {
    await platform?.stop();
  });

  it('settles 100 sample orders, each as it should end, and the accounts are clean', async () => {
    const { outcome, samples } = await placeSamples(platform.stack, { count: 100, timeoutMs: 100_000 });
    expect(samples.filter(({ status, expected }) => status !== expected)).toEqual([]);
    expect(outcome).toMatchObject({ orders: { accepted: 100, completed: 80, compensated: 20, cancelled: 0, running: 0 }, reconciliation: CLEAN });
    expect(outcome.completionMs.p50).toBeGreaterThan(0);
  });

  it('shows an order with its steps and undos', async () => {
    const order = { ...sampleOrder(), paymentToken: 'tok_chargeDeclined' };
    const { orderId } = await placeOrder(platform.stack, order, `declined-${backend}`);
    await awaitClosed(platform.stack, [`order-${orderId}`], { timeoutMs: 100_000 });
    const { body } = await requestJson(`${platform.stack.urls.gateway}/orders/${orderId}`, { headers: { authorization: `Bearer ${platform.stack.keys.orders}` } });
    expect(body).toMatchObject({ status: 'compensated', failedStep: 'chargePayment' });
    expect((body as { undos: { activity?: string }[] }).undos.length).toBeGreaterThanOrEqual(2);
  });

  (CHROMIUM === undefined ? it.skip : it)('shows every queue with its jobs in the console, where a retry harms nothing', async () => {
    const { stack } = platform;
    const browser = await launchBrowser();
    const complaints: string[] = [];
    try {
      const page = await browser.newPage({ httpCredentials: { username: 'operator', password: stack.keys.operator } });
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()} ${response.url()}`));
      await page.goto(stack.urls.console);
      await page.getByRole('heading', { name: 'Newest runs' }).waitFor({ timeout: 60_000 });
      await page.getByRole('link', { name: 'Queues' }).click();
      for (const service of ['inventory', 'payment', 'fulfilment']) {
        for (const queue of [service, `${service}.compensation`, `${service}.outcomes`]) await page.getByText(queue, { exact: true }).first().waitFor({ timeout: 60_000 });
      }

      // The declined charges of the samples are failed attempts of payment.
      await page.goto(`${stack.urls.console}/queues/queue/payment?status=failed`);
      await page.getByText('chargePayment').first().waitFor({ timeout: 60_000 });
      // Highlighting comes from a worker and a script of its own: it is there only if our headers let it.
      await page.locator('pre').filter({ hasText: DECLINED_WITH_STACK }).first().waitFor({ timeout: 60_000 });
      await page.getByRole('tab', { name: 'Data' }).first().click();
      await page.getByText('chargePayment').first().waitFor({ timeout: 60_000 });
      for (const refused of ['.lucide-files', '.lucide-pencil']) {
        expect(await page.locator(`button > ${refused}`).count()).toBeGreaterThan(0);
        expect(await page.locator(`button > ${refused}`).first().isVisible()).toBe(false);
      }
      const charges = await chargeTotals(stack);
      const before = await failedJobs(page, stack.urls.console);
      expect(before).toBeGreaterThanOrEqual(10);
      const retried = page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().includes('/retry'));
      await page.getByRole('button', { name: 'Retry all' }).click();
      await page.getByRole('button', { name: 'Confirm' }).click();
      expect((await retried).ok()).toBe(true);
      // Each is refused, since its order's undo has put a tombstone under the step's key; the runs have ended long ago.
      await waitUntil(async () => (await failedJobs(page, stack.urls.console)) === before || undefined, { timeoutMs: 60_000, what: 'the retried jobs to be answered' });
      await page.reload();
      await page.locator('pre').filter({ hasText: 'has been undone and can have no effect any more' }).first().waitFor({ timeout: 60_000 });
      expect(await chargeTotals(stack)).toEqual(charges);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
    expect(await readReconciliation(stack)).toEqual(CLEAN);
  });

  it('goes on as if nothing had been when every process is killed in the middle of an import', async () => {
    const file = join(files, `${backend}-crash.csv`);
    const written = writeOrdersFile(file, { invoices: 300, firstInvoice: 600_000 });
    const importId = await uploadOrders(platform.stack, { file });
    expect((await readImport(platform.stack, importId)).status).not.toBe('completed');
    const services = ['inventory', 'orchestrator', 'payment', 'gateway', 'fulfilment', 'console'] as const;
    // All at once, then one by one while there is work left.
    for (const name of services) platform.stack.service(name).kill();
    await Promise.all(services.map((name) => platform.stack.waitUntilReady(name)));
    for (const name of services) {
      if ((await readImport(platform.stack, importId)).status === 'completed') break;
      platform.stack.service(name).kill();
      await platform.stack.waitUntilReady(name);
    }
    const view = await waitUntil(
      async (signal) => {
        const current = await readImport(platform.stack, importId, signal);
        return current.status === 'completed' ? current : undefined;
      },
      { timeoutMs: 240_000, what: 'the import to end' },
    );
    expect(view.outcome).toMatchObject({
      orders: { accepted: written.sales, completed: written.sales, running: 0, failed: 0 },
      returns: { accepted: written.cancellations, completed: written.cancellations },
      rejected: { rows: written.rejectedRows },
    });
    expect(await readReconciliation(platform.stack)).toEqual(CLEAN);
  });

  it('makes an undo that cannot succeed an incident, which a person resolves', async () => {
    const { stack } = platform;
    const asOperator = (path: string, json?: unknown) =>
      requestJson(`${stack.urls.gateway}${path}`, { method: json === undefined ? 'GET' : 'POST', json, headers: { authorization: `Bearer ${stack.keys.operator}` } });
    const database = new pg.Client({ connectionString: stack.databaseUrls['admin'] });
    await database.connect();
    try {
      const { orderId } = await placeHeldBeforeDeduction(stack, database, `incident-${backend}`);
      await database.query(
        `UPDATE fulfilment.shipment SET state = 'dispatched', claimed_at = now(), dispatched_at = now(), tracking_number = 'T1' WHERE order_id = $1`,
        [orderId],
      );
      await asOperator(`/orders/${orderId}/cancel`, {});
      await database.query('COMMIT');

      const incident = await waitUntil(async () => openIncidentOf((await asOperator('/incidents')).body, orderId), { timeoutMs: 100_000, what: 'the incident' });
      expect(incident).toMatchObject({ kind: 'UNDO_FAILED', failure: { applicationFailureInfo: { type: 'ShipmentDispatched' } } });

      // The carrier brings the parcel back; then the undo can succeed, and those before it.
      await database.query(
        `UPDATE fulfilment.shipment SET state = 'registered', claimed_at = NULL, dispatched_at = NULL, tracking_number = NULL WHERE order_id = $1`,
        [orderId],
      );
      await asOperator(`/workflows/order-${orderId}/incidents/${incident.incidentNumber}/retry`, { reason: 'the carrier brought it back' });
      expect(await awaitClosed(stack, [`order-${orderId}`], { timeoutMs: 100_000 })).toEqual([]);
      expect((await asOperator(`/orders/${orderId}`)).body).toMatchObject({ status: 'cancelled' });
      expect(JSON.stringify((await asOperator(`/workflows/order-${orderId}/history`)).body)).toContain('the carrier brought it back');
    } finally {
      await database.query('ROLLBACK; DROP TRIGGER IF EXISTS hold_deduction ON inventory.reservation; DROP FUNCTION IF EXISTS inventory.hold_deduction');
      await database.end();
    }
    expect(await readReconciliation(stack)).toEqual(CLEAN);
  });

  it('places nothing twice when the same file is sent again', async () => {
    const file = join(files, `${backend}-again.csv`);
    const written = writeOrdersFile(file, { invoices: 40, firstInvoice: 700_000 });
    await importOrders(platform.stack, { file });
    const { importId } = await importOrders(platform.stack, { file });
    const { outcome } = await readImport(platform.stack, importId);
    expect(outcome.orders).toMatchObject({ accepted: written.sales, alreadyPlaced: written.sales });
    expect(await readReconciliation(platform.stack)).toEqual(CLEAN);
  });

  (hasDecemberFile ? it : it.skip)('imports real orders with little stock: many fail and undo, and the accounts are clean', async () => {
    const file = join(files, `${backend}-december.csv`);
    await cutDecemberFile(file, 150);
    const { outcome } = await importOrders(platform.stack, { file, stockPerSku: 50, timeoutMs: 240_000 });
    expect(outcome.reconciliation).toEqual(CLEAN);
    expect(outcome.orders.running).toBe(0);
    expect(outcome.orders.completed).toBeGreaterThan(0);
    expect(outcome.orders.compensated).toBeGreaterThan(0);
    expect(outcome.orders.completed + outcome.orders.compensated).toBe(outcome.orders.accepted);
  });

  (backend === 'redis' ? it : it.skip)('accepts orders while Redis is down, and goes on when it is back', async () => {
    await platform.stopRedis();
    const placed = await Promise.all([1, 2, 3].map((index) => placeOrder(platform.stack, sampleOrder(), `redis-down-${index}`)));
    const ids = placed.map(({ orderId }) => `order-${orderId}`);
    expect(await awaitClosed(platform.stack, ids, { timeoutMs: 1_000 })).toHaveLength(3);
    await platform.startRedisAgain();
    expect(await awaitClosed(platform.stack, ids, { timeoutMs: 100_000 })).toEqual([]);
    expect(await readReconciliation(platform.stack)).toEqual(CLEAN);
  });
});
