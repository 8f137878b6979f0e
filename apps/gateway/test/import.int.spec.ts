import { OverloadedError } from '@backstitch/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createReadStream, existsSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { COMPENSATED, COMPLETED, FakeOrchestrator } from './fake-orchestrator.js';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const csv = (...lines: string[]): string => `${[HEADER, ...lines].join('\n')}\n`;
const line = (invoice: string, sku: string, quantity: number, price: string, customer = '17850.0', description = 'THING', country = 'France'): string =>
  `${invoice},${sku},${description},${quantity},2010-12-01 08:26:00,${price},${customer},${country}`;

describe('an import', () => {
  let database: TestDatabase;
  let gateway: GatewayUnderTest;
  let orchestrator: FakeOrchestrator;

  const importAll = async (file: string, query = '') => {
    const uploaded = await gateway.upload(file, query);
    expect(uploaded.status).toBe(202);
    return gateway.importCompleted(uploaded.body.importId, 280_000);
  };
  const rejections = async (importId: string) =>
    (await gateway.send('GET', `/imports/${importId}/rejections`, { key: gateway.keys.viewer })).body.rejections as { lineNumber: number; scope: string; reason: string }[];
  const ordersPlaced = () => orchestrator.startedOf('orderWorkflow').map((run) => run.start.args[0] as Record<string, unknown>);
  const returnsPlaced = () => orchestrator.startedOf('returnWorkflow').map((run) => run.start.args[0] as Record<string, unknown>);

  beforeAll(async () => {
    database = await createGatewayDatabase('import');
  });
  beforeEach(async () => {
    orchestrator = new FakeOrchestrator();
    gateway = await GatewayUnderTest.start(database, { orchestrator });
    await gateway.dataSource.query('TRUNCATE gateway.import, gateway.cancellation_decision, gateway.return_line, gateway.order_return, gateway.returnable_line CASCADE');
  });
  afterEach(async () => {
    await gateway.stop();
  });
  afterAll(async () => {
    await database.drop();
  });

  it('makes an order of each sale invoice: same SKU and price summed, other price another line, money exact', async () => {
    const view = await importAll(csv(line('536365', '85123a', 6, '2.55'), line('536365', '85123A', 2, '2.55'), line('536365', '85123A', 1, '2.1'), line('536366', 'POST', 3, '0.29', '')));
    expect(view.outcome.orders).toMatchObject({ accepted: 2, completed: 2, alreadyPlaced: 0, running: 0 });
    expect(view.outcome.rejected).toEqual({ rows: 0, invoices: 0, byReason: {} });
    expect(ordersPlaced()).toMatchObject([
      {
        customerId: '17850',
        currency: 'GBP',
        paymentToken: 'tok_visa',
        reference: '536365',
        shippingAddress: { country: 'France' },
        lines: [
          { sku: '85123A', quantity: 8, unitPriceMinor: 255 },
          { sku: '85123A', quantity: 1, unitPriceMinor: 210 },
        ],
        amountMinor: 2_250,
      },
      { customerId: null, lines: [{ sku: 'POST', quantity: 3, unitPriceMinor: 29 }], amountMinor: 87 },
    ]);
  });

  it('makes every SKU known with the stock that was asked for, before the first order', async () => {
    await importAll(csv(line('536365', 'a', 1, '1.00'), line('536366', 'B', 1, '1.00')), '?stock=50');
    const [first, ...others] = [...orchestrator.runs.values()].map((run) => run.start);
    expect(first).toMatchObject({ workflowType: 'stockIntakeWorkflow', args: [{ items: [{ sku: 'A', quantity: 50 }, { sku: 'B', quantity: 50 }] }] });
    expect(others.map((start) => start.workflowType)).toEqual(['orderWorkflow', 'orderWorkflow']);
  });

  it('rejects each bad line and invoice with its line number and reason, and drops nothing in silence', async () => {
    const view = await importAll(
      csv(
        line('536365', 'A', 1, '1.00'), // 2
        line('536365', 'B', 1, '0.0'), // 3
        line('536365', 'C', -4, '1.00'), // 4
        '536365,D,"two\nlines",1,2010-12-01,1.00,17850.0,France', // 5 and 6
        line('536365', 'E', 1, '1.005'), // 7
        line('536365', 'F', 1, '1.00', '17851.0'), // 8
        'A536367,G,x,1,2010-12-01,1.00,17850.0,France', // 9
        '536368,H,x,1', // 10
        line('536369', 'I', 1, '0.0'), // 11
        line('536370', 'J', 1, 'free'), // 12
        'C536371,K,x,-1,2010-12-01,1.00,,France', // 13
      ),
    );
    expect((await rejections(view.importId)).map(({ lineNumber, scope, reason }) => [lineNumber, scope, reason])).toEqual([
      [3, 'row', 'price-not-positive'],
      [4, 'row', 'quantity-not-positive'],
      [7, 'row', 'price-has-fractions-of-a-penny'],
      [8, 'row', 'customer-differs-within-invoice'],
      [9, 'row', 'invoice-number-invalid'],
      [10, 'row', 'wrong-column-count'],
      [11, 'invoice', 'invoice-without-valid-line'],
      [11, 'row', 'price-not-positive'],
      [12, 'invoice', 'invoice-without-valid-line'],
      [12, 'row', 'price-invalid'],
      [13, 'invoice', 'cancellation-without-match'],
      [13, 'row', 'cancellation-without-customer'],
    ]);
    expect(view).toMatchObject({ lines: 11, outcome: { orders: { accepted: 1 }, rejected: { rows: 9, invoices: 3 } } });
    expect(ordersPlaced()[0]).toMatchObject({ lines: [{ sku: 'A' }, { sku: 'D', description: 'two\nlines' }] });
  });

  it('matches a cancellation to earlier completed orders of the customer, newest first, across several, at the price of the sale', async () => {
    orchestrator.ending = (start) => ((start.args[0] as { reference?: string }).reference === '536367' ? COMPENSATED : COMPLETED);
    const view = await importAll(
      csv(
        line('536365', 'A', 5, '1.00'),
        line('536366', 'A', 3, '2.00'),
        line('536367', 'A', 9, '3.00'), // undone
        line('536368', 'A', 9, '4.00', '99999.0'), // another customer's
        line('C536369', 'a', -4, '9.99'),
        line('C536369', 'B', -1, '9.99'), // never sold
        line('536370', 'A', 9, '5.00'), // later
        line('C536371', 'A', -20, '9.99'),
      ),
    );
    const orderOf = (reference: string) => ordersPlaced().find((order) => order['reference'] === reference)?.['orderId'];
    expect(returnsPlaced()).toMatchObject([
      {
        customerId: '17850',
        amountMinor: 700,
        parts: [
          { orderId: orderOf('536366'), refundMinor: 600, lines: [{ sku: 'A', quantity: 3, unitPriceMinor: 200 }] },
          { orderId: orderOf('536365'), refundMinor: 100, lines: [{ sku: 'A', quantity: 1, unitPriceMinor: 100 }] },
        ],
      },
      { amountMinor: 9 * 500 + 4 * 100, parts: [{ orderId: orderOf('536370') }, { orderId: orderOf('536365') }] },
    ]);
    expect((await rejections(view.importId)).map(({ lineNumber, reason }) => [lineNumber, reason])).toEqual([
      [7, 'cancellation-without-sale'],
      [9, 'cancellation-exceeds-sales'],
    ]);
    expect(view.outcome).toMatchObject({ returns: { accepted: 2, completed: 2 }, orders: { completed: 4, compensated: 1 }, compensatedBy: { reserveStock: 1 } });
  });

  it('starts a return only when the sales before it have ended', async () => {
    orchestrator.ending = (start) => (start.workflowType === 'orderWorkflow' ? undefined : COMPLETED);
    const uploaded = await gateway.upload(csv(line('536365', 'A', 5, '1.00'), line('C536366', 'A', -1, '1.00')));
    await gateway.importInState(uploaded.body.importId, (view) => view.outcome.orders.running === 1);
    expect(returnsPlaced()).toHaveLength(0);
    orchestrator.end(orchestrator.startedOf('orderWorkflow')[0]?.start.workflowId as string, COMPLETED as NonNullable<typeof COMPLETED>);
    const view = await gateway.importCompleted(uploaded.body.importId);
    expect(view.outcome.returns).toMatchObject({ accepted: 1, completed: 1 });
  });

  it('has no new effect when the same file is sent again', async () => {
    const file = csv(line('536365', 'A', 5, '1.00'), line('C536366', 'A', -2, '1.00'), line('C536367', 'A', -9, '1.00'), line('C536368', 'A', -1, '1.00'));
    const first = await importAll(file);
    const runs = [...orchestrator.runs.keys()].filter((id) => !id.startsWith('stock-intake-'));
    const second = await importAll(file);
    expect([...orchestrator.runs.keys()].filter((id) => !id.startsWith('stock-intake-'))).toEqual(runs);
    expect(first.outcome.returns).toMatchObject({ accepted: 2, alreadyPlaced: 0 });
    expect(second.outcome).toMatchObject({ orders: { accepted: 1, alreadyPlaced: 1, completed: 1 }, returns: { accepted: 2, alreadyPlaced: 2 }, rejected: first.outcome.rejected });
  });

  it('rejects an invoice that was placed with other content', async () => {
    await importAll(csv(line('536365', 'A', 5, '1.00')));
    const view = await importAll(csv(line('536365', 'A', 6, '1.00')));
    expect(view.outcome).toMatchObject({ orders: { accepted: 0 }, rejected: { invoices: 1, byReason: { 'invoice-placed-with-other-content': 1 } } });
  });

  it('waits and goes on where the orchestrator has too much to do', async () => {
    let refusals = 2;
    orchestrator.beforeStart = () => {
      if (refusals-- > 0) throw new OverloadedError(10);
    };
    const view = await importAll(csv(line('536365', 'A', 5, '1.00')));
    expect(view.outcome.orders).toMatchObject({ accepted: 1, completed: 1 });
  });

  it.each(['stockIntakeWorkflow', 'orderWorkflow', 'returnWorkflow'])('waits and goes on where the orchestrator refuses a start of %s for now', async (workflowType) => {
    let refusals = 2;
    orchestrator.refuse = (request) => (request.workflowType === workflowType && refusals-- > 0 ? { code: 'OVERLOADED', message: 'later', details: { retryAfterMs: 10 } } : undefined);
    const view = await importAll(csv(line('536365', 'A', 5, '1.00'), line('C536366', 'A', -1, '1.00')));
    expect(view.outcome).toMatchObject({ orders: { accepted: 1, completed: 1 }, returns: { accepted: 1, completed: 1 }, rejected: { rows: 0, invoices: 0 } });
  });

  it('rejects a line whose SKU the services would refuse, and that line alone', async () => {
    const view = await importAll(csv('536365,"A\tB",x,1,2010-12-01,1.00,17850.0,France', '536365,"A\nB",x,1,2010-12-01,1.00,17850.0,France', line('536365', 'C', 1, '1.00')));
    expect((await rejections(view.importId)).map(({ lineNumber, reason }) => [lineNumber, reason])).toEqual([
      [2, 'sku-invalid'],
      [3, 'quote-not-closed'],
      [4, 'quote-not-closed'],
    ]);
    expect(ordersPlaced()).toMatchObject([{ lines: [{ sku: 'C' }] }]);
  });

  it('goes on after a restart exactly where it was', async () => {
    orchestrator.ending = (start) => (start.workflowType === 'orderWorkflow' ? undefined : COMPLETED);
    const uploaded = await gateway.upload(csv(line('536365', 'A', 5, '1.00'), line('536366', 'A', 1, '1.00'), line('C536367', 'A', -6, '1.00')));
    await gateway.importInState(uploaded.body.importId, (view) => view.outcome.orders.running === 2);
    await gateway.stop();
    for (const run of orchestrator.startedOf('orderWorkflow')) orchestrator.end(run.start.workflowId, COMPLETED as NonNullable<typeof COMPLETED>);
    gateway = await GatewayUnderTest.start(database, { orchestrator });
    const view = await gateway.importCompleted(uploaded.body.importId);
    expect(view.outcome).toMatchObject({ orders: { accepted: 2, alreadyPlaced: 0, completed: 2 }, returns: { accepted: 1, completed: 1 } });
    expect(orchestrator.runs.size).toBe(4);
  });

  it('places nothing of an upload that breaks off', async () => {
    const url = new URL(`${gateway.url}/imports`);
    const upload = request({
      host: url.hostname,
      port: url.port,
      path: '/imports',
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.keys.operator}`, 'content-type': 'text/csv', 'transfer-encoding': 'chunked' },
    });
    upload.on('error', () => undefined);
    upload.write(csv(line('536365', 'A', 5, '1.00')));
    const newest = async () => (await gateway.send('GET', '/imports', { key: gateway.keys.viewer })).body.imports[0] as { importId: string; status: string } | undefined;
    while ((await newest())?.status !== 'uploading') await new Promise((resolve) => setTimeout(resolve, 10));
    upload.destroy();
    const importId = (await newest())?.importId as string;
    await gateway.importInState(importId, (view) => view.status === 'interrupted');
    expect(orchestrator.runs.size).toBe(0);
  });

  it('refuses a file without the header', async () => {
    const answer = await gateway.upload('a,b\n1,2\n');
    expect(answer).toMatchObject({ status: 400, body: { type: 'urn:backstitch:problem:import-header-invalid' } });
    expect(answer.body.missing).toContain('InvoiceNo');
  });

  const realFile = fileURLToPath(new URL('../../../../shared/data/online-retail-2010-12.csv.gz', import.meta.url));
  const onRealData = existsSync(realFile) ? it : it.skip;
  if (!existsSync(realFile)) console.warn('The month of real orders is not at ../shared/data: its test is skipped.');
  onRealData('counts the month of real orders as they are', async () => {
    const view = await importAll(await text(createReadStream(realFile).pipe(createGunzip())));
    expect(view).toMatchObject({
      lines: 42_481,
      invoices: { total: 2_025, waiting: 0 },
      outcome: {
        orders: { accepted: 1_559, completed: 1_559, running: 0 },
        returns: { accepted: 150, completed: 150, running: 0 },
        rejected: {
          rows: 273 + 389 + 38 + 2,
          invoices: 140 + 176,
          byReason: {
            'invoice-without-valid-line': 140,
            'cancellation-without-match': 176,
            'quantity-not-positive': 70,
            'price-not-positive': 203,
            'cancellation-without-sale': 389,
            'cancellation-without-customer': 38,
            'cancellation-exceeds-sales': 2,
          },
        },
      },
    });
  }, 300_000);
});
