import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OverloadedError, type StartWorkflowRequest } from '@backstitch/protocol';
import { Database } from '../src/database.js';
import { StartGate } from '../src/overload/start-gate.js';
import { FakeOrchestrator } from './fake-orchestrator.js';
import { createGatewayDatabase, GatewayUnderTest, type Answer, type TestDatabase } from './gateway-under-test.js';

const OVERLOADED = 'urn:backstitch:problem:overloaded';
const ORDER = { currency: 'GBP', lines: [{ sku: 'A', quantity: 1, unitPriceMinor: 100 }], paymentToken: 'tok_visa', shippingAddress: { country: 'France' } };

function expectRefused(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { type: OVERLOADED, status: 503, title: 'Too much is under way.', instance: '/orders' } });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.headers.get('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
}

describe('overload', () => {
  let database: TestDatabase;
  let orchestrator: FakeOrchestrator;
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    database = await createGatewayDatabase('overload');
  });
  afterAll(async () => {
    await database.drop();
  });
  beforeEach(async () => {
    orchestrator = new FakeOrchestrator();
    gateway = await GatewayUnderTest.start(database, { orchestrator, startsUnderWayMax: 2, startsWaitingMax: 1 });
  });
  afterEach(async () => {
    await gateway.stop();
  });
  /** So that no spec races with the tenth of a second that it lasts. */
  const keepClosed = () => jest.spyOn(gateway.app.get(StartGate), 'isClosed', 'get').mockReturnValue(true);
  const place = (options: { key?: string; body?: unknown; headers?: Record<string, string> } = {}) => gateway.send('POST', '/orders', { key: gateway.keys.orders, body: ORDER, ...options });

  it('given an orchestrator that takes no starts, when an order is placed, then the answer says when to come again, and what follows is refused without asking, unread', async () => {
    orchestrator.beforeStart = () => {
      throw new OverloadedError(2_500);
    };
    const first = await place();
    expectRefused(first);
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThanOrEqual(3);
    keepClosed();
    const { startCalls } = orchestrator;
    expectRefused(await place({ body: '{ this is no JSON', headers: { 'content-type': 'application/json' } }));
    expect(orchestrator.startCalls).toBe(startCalls);
    expect(await gateway.send('GET', '/metrics', { key: gateway.keys.viewer })).toMatchObject({ status: 200, body: expect.stringMatching(/gateway_starts_refused_total\{[^}]*reason="orchestrator"[^}]*\} [1-9]/) });
  });

  it('given a start that the orchestrator refuses by itself, when an order is placed, then it is 503 too', async () => {
    orchestrator.refuse = () => new OverloadedError(1_200).toJSON();
    expectRefused(await place());
  });

  it('given an orchestrator that takes no starts, when an order is read, listed or cancelled, then it is answered', async () => {
    orchestrator.ending = () => undefined;
    const { orderId } = (await place()).body;
    keepClosed();
    expectRefused(await place());
    expect((await gateway.send('GET', `/orders/${orderId}`, { key: gateway.keys.orders })).status).toBe(200);
    expect((await gateway.send('GET', '/orders', { key: gateway.keys.orders })).status).toBe(200);
    expect((await gateway.send('POST', `/orders/${orderId}/cancel`, { key: gateway.keys.orders })).status).toBe(202);
  });

  it('given as many orders as may be under way, when more come, then one waits for its turn, the next is refused, and those that wait are placed', async () => {
    const { orders, end } = holdStarts(orchestrator);
    const answers = [place(), place()];
    await until(() => orders.length === 2);
    const waiting = place();
    await until(() => gateway.app.get(StartGate).limit.isFull);
    expectRefused(await place());
    end();
    expect((await Promise.all([...answers, waiting])).map(({ status }) => status)).toEqual([202, 202, 202]);
  });

  it('given a door that is closed, when a flood comes over kept connections, then each request of it is answered, though no body is read', async () => {
    keepClosed();
    const large = { ...ORDER, reference: 'x'.repeat(200_000) };
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => place({ body: index % 4 === 0 ? large : ORDER })));
      answers.forEach(expectRefused);
    }
  });

  it('given many requests at once with a key that is not known yet, when they come, then the database is asked for it once', async () => {
    const queries = jest.spyOn(gateway.app.get(Database), 'query');
    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.send('GET', '/orders', { key: gateway.keys.viewer })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(queries.mock.calls.filter(([sql]) => sql.includes('gateway.api_key'))).toHaveLength(1);
  });

  it('given an orchestrator that refuses half of the time, when an import is placed, then every order of it is accepted in the end', async () => {
    let calls = 0;
    orchestrator.beforeStart = () => {
      calls += 1;
      if (calls % 2 === 1) throw new OverloadedError(120);
    };
    const rows = ['100,A,Cup,1,12/1/2010 8:26,1.00,1,France', '101,B,Plate,2,12/1/2010 8:30,2.00,2,France'];
    const upload = await gateway.upload(`InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n${rows.join('\n')}\n`);
    expect(await gateway.importCompleted(upload.body.importId)).toMatchObject({ status: 'completed' });
    expect(orchestrator.startedOf('orderWorkflow')).toHaveLength(2);
    expect(calls).toBeGreaterThanOrEqual(4);
  });
});

/** Starts that are answered only when they are told to be. */
function holdStarts(orchestrator: FakeOrchestrator): { orders: StartWorkflowRequest[]; end: () => void } {
  const orders: StartWorkflowRequest[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const start = orchestrator.start.bind(orchestrator);
  orchestrator.start = async (requests) => {
    orders.push(...requests);
    await ended;
    return start(requests);
  };
  return { orders, end };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
