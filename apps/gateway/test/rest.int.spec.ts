import { InternalError, OverloadedError, StoreUnavailableError } from '@backstitch/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { COMPENSATED, COMPLETED, type Ending, FakeOrchestrator } from './fake-orchestrator.js';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

const ORDER = {
  customerId: '17850',
  currency: 'GBP',
  lines: [
    { sku: 'abc', quantity: 2, unitPriceMinor: 250 },
    { sku: 'DEF', quantity: 1, unitPriceMinor: 100 },
  ],
  paymentToken: 'tok_visa',
  shippingAddress: { country: 'France' },
};
const problem = (name: string) => `urn:backstitch:problem:${name}`;

describe('the REST edge', () => {
  let database: TestDatabase;
  let gateway: GatewayUnderTest;
  let orchestrator: FakeOrchestrator;
  let key: string;

  const place = (body: unknown = ORDER, headers: Record<string, string> = {}) => gateway.send('POST', '/orders', { key, body, headers });

  beforeAll(async () => {
    database = await createGatewayDatabase('rest');
    orchestrator = new FakeOrchestrator();
    gateway = await GatewayUnderTest.start(database, { orchestrator });
    key = gateway.keys.orders;
  });
  beforeEach(() => {
    orchestrator.outage = undefined;
    orchestrator.ending = () => undefined;
  });
  afterAll(async () => {
    await gateway.stop();
    await database.drop();
  });

  it('accepts an order with 202 and says where it is', async () => {
    const answer = await place();
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted', amountMinor: 600, currency: 'GBP' } });
    expect(answer.headers.get('location')).toBe(`/orders/${answer.body.orderId}`);
    const { start } = orchestrator.runs.get(`order-${answer.body.orderId}`) ?? {};
    expect(start).toMatchObject({
      workflowType: 'orderWorkflow',
      args: [{ orderId: answer.body.orderId, lines: [{ sku: 'ABC' }, { sku: 'DEF' }] }],
      searchAttributes: { OrderStatus: ['reserving'], CustomerId: ['17850'], AmountMinor: [600], Currency: ['GBP'], OrderId: [answer.body.orderId] },
    });
  });

  it('gives the same answer to the same idempotency key and body, and 422 to another body', async () => {
    const first = await place(ORDER, { 'idempotency-key': 'k1' });
    const runs = orchestrator.runs.size;
    expect(await place({ ...ORDER, lines: [{ ...ORDER.lines[0], sku: 'ABC' }, ORDER.lines[1]] }, { 'idempotency-key': 'k1' })).toMatchObject({ status: 202, body: first.body });
    expect(await place({ ...ORDER, currency: 'EUR' }, { 'idempotency-key': 'k1' })).toMatchObject({ status: 422, body: { type: problem('idempotency-key-reused') } });
    expect(orchestrator.runs.size).toBe(runs);
    const other = await gateway.send('POST', '/orders', { key: gateway.keys.operator, body: ORDER, headers: { 'idempotency-key': 'k1' } });
    expect(other.body.orderId).not.toBe(first.body.orderId);
  });

  it('lists every violation of the contract by JSON pointer', async () => {
    const answer = await place({ currency: 'pounds', lines: [{ sku: '', quantity: 0, unitPriceMinor: 1.5, 'a/b': 1 }], shippingAddress: { country: 'F\u0000' }, paymentToken: 'x y' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.type).toBe(problem('invalid-request'));
    const pointers = answer.body.violations.map((violation: { pointer: string }) => violation.pointer);
    expect(pointers).toEqual(
      expect.arrayContaining(['/currency', '/lines/0/sku', '/lines/0/quantity', '/lines/0/unitPriceMinor', '/lines/0/a~1b', '/shippingAddress/country', '/paymentToken']),
    );
  });

  it.each<[string, () => Promise<{ status: number; body: { type: string } }>, number, string]>([
    ['malformed JSON', () => gateway.send('POST', '/orders', { key, body: '{', headers: { 'content-type': 'application/json' } }), 400, 'malformed-json'],
    ['a body that is too large', () => place({ ...ORDER, reference: 'x'.repeat(1_200_000) }), 413, 'body-too-large'],
    ['another media type', () => gateway.send('POST', '/orders', { key, body: 'x', headers: { 'content-type': 'text/plain' } }), 415, 'unsupported-media-type'],
    ['CSV where an order is expected', () => gateway.send('POST', '/orders', { key, body: 'x', headers: { 'content-type': 'text/csv' } }), 415, 'unsupported-media-type'],
    ['no key', () => gateway.send('GET', '/orders'), 401, 'unauthenticated'],
    ['a wrong secret', () => gateway.send('GET', '/orders', { key: `${key.slice(0, -4)}AAAA` }), 401, 'unauthenticated'],
    ['a role that may not', () => gateway.send('GET', '/workflows', { key }), 403, 'forbidden'],
    ['a viewer that writes', () => gateway.send('POST', '/orders', { key: gateway.keys.viewer, body: ORDER }), 403, 'forbidden'],
    ['an unknown route', () => gateway.send('GET', '/nothing', { key }), 404, 'route-not-found'],
    ['an unknown order', () => gateway.send('GET', '/orders/unknown', { key }), 404, 'order-not-found'],
    ['an unknown return', () => gateway.send('GET', '/returns/unknown', { key }), 404, 'return-not-found'],
    ['an unknown import', () => gateway.send('GET', '/imports/unknown', { key: gateway.keys.viewer }), 404, 'import-not-found'],
    ['an unknown workflow', () => gateway.send('GET', '/workflows/unknown', { key: gateway.keys.viewer }), 404, 'workflow-not-found'],
    ['a list filter beside another condition', () => gateway.send('GET', "/workflows?status=RUNNING&query=WorkflowType%20%3D%20'x'", { key: gateway.keys.viewer }), 400, 'invalid-request'],
    ['a resolution without a reason', () => gateway.send('POST', '/workflows/x/incidents/1/retry', { key: gateway.keys.operator, body: {} }), 400, 'invalid-request'],
  ])('answers %s with problem details', async (_what, send, status, name) => {
    const answer = await send();
    expect(answer).toMatchObject({ status, body: { type: problem(name), status } });
  });

  it.each<[string, Error, number, string]>([
    ['the orchestrator is away', Object.assign(new Error('x'), { name: 'OrchestratorUnreachableError' }), 503, 'orchestrator-unavailable'],
    ['the orchestrator is away, in the words of the client of activities', Object.assign(new Error('x', { cause: Object.assign(new Error('x'), { name: 'OrchestratorUnreachableError' }) }), { name: 'ServiceError' }), 503, 'orchestrator-unavailable'],
    ['its database is away', new StoreUnavailableError(4_000), 503, 'database-unavailable'],
    ['it has too much to do', new OverloadedError(1_500), 503, 'overloaded'],
  ])('says when to try again where %s', async (_what, error, status, name) => {
    orchestrator.outage = error;
    const answer = await place();
    expect(answer).toMatchObject({ status, body: { type: problem(name) } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await gateway.untilOpen();
  });

  it('shows each step and each undo with attempts, last failure and next attempt', async () => {
    const { body } = await place();
    const { description } = orchestrator.runs.get(`order-${body.orderId}`) as NonNullable<ReturnType<typeof orchestrator.runs.get>>;
    const activity = { key: 'k', scheduledAtMs: 1_000, attempt: 2, options: { taskQueue: 'payment', maximumAttempts: 0 } };
    description.activities = [
      { ...activity, activityId: '1', scheduledEventId: 5, activityType: 'chargePayment', status: 'BACKING_OFF', nextAttemptAtMs: 9_000, lastFailure: { message: 'outer', cause: { message: '500', applicationFailureInfo: { type: 'ProviderError' } } } },
      { ...activity, activityId: '2', scheduledEventId: 9, activityType: 'refundPayment', status: 'COMPLETED', closedAtMs: 2_000, undoOf: { activityId: '1', scheduledEventId: 5 } },
    ];
    const view = (await gateway.send('GET', `/orders/${body.orderId}`, { key })).body;
    expect(view).toMatchObject({
      status: 'reserving',
      steps: [{ name: 'chargePayment', status: 'BACKING_OFF', attempt: 2, nextAttemptAt: '1970-01-01T00:00:09.000Z', lastFailure: { type: 'ProviderError', message: '500' } }],
      undos: [{ name: 'refundPayment', undoes: 'chargePayment', endedAt: '1970-01-01T00:00:02.000Z' }],
    });
    expect(JSON.stringify(view)).not.toContain('tok_visa');
    const workflow = await gateway.send('GET', `/workflows/order-${body.orderId}`, { key: gateway.keys.viewer });
    expect(workflow.body.input[0].paymentToken).toBe('[redacted]');
  });

  it("shows role orders its own orders and not another's", async () => {
    const foreign = await gateway.send('POST', '/orders', { key: gateway.keys.operator, body: ORDER });
    for (const [method, path] of [['GET', ''], ['POST', '/cancel'], ['POST', '/return']] as const) {
      expect(await gateway.send(method, `/orders/${foreign.body.orderId}${path}`, { key })).toMatchObject({ status: 404, body: { type: problem('order-not-found') } });
    }
    const own = await place();
    const page = await gateway.send('GET', '/orders?pageSize=1', { key });
    expect(page.body).toMatchObject({ orders: [{ orderId: own.body.orderId }], nextCursor: expect.any(String) });
    const next = await gateway.send('GET', `/orders?pageSize=500&cursor=${page.body.nextCursor}`, { key });
    expect(next.body.orders.map((order: { orderId: string }) => order.orderId)).not.toContain(foreign.body.orderId);
    await gateway.send('GET', '/orders?status=completed&customerId=c1&placedAfter=2026-01-01T00:00:00Z', { key: gateway.keys.viewer });
    expect(orchestrator.lastList).toMatchObject({ searchAttributes: { OrderStatus: 'completed', CustomerId: 'c1' }, startedAfterMs: Date.UTC(2026, 0, 1) });
  });

  it('cancels a running order, and refuses to cancel one that has ended', async () => {
    const { body } = await place();
    expect(await gateway.send('POST', `/orders/${body.orderId}/cancel`, { key, body: { reason: 'changed my mind' } })).toMatchObject({ status: 202, body: { cancelRequested: true } });
    expect(orchestrator.cancelled).toContain(`order-${body.orderId}`);
    orchestrator.end(`order-${body.orderId}`, { status: 'CANCELED' });
    expect(await gateway.send('POST', `/orders/${body.orderId}/cancel`, { key })).toMatchObject({ status: 409, body: { type: problem('order-already-closed') } });
    expect((await gateway.send('GET', `/orders/${body.orderId}`, { key })).body.status).toBe('cancelled');
  });

  it('refuses to cancel an order that ended between the look and the request, as one that has ended', async () => {
    const { body } = await place();
    orchestrator.beforeCancel = (workflowId) => orchestrator.end(workflowId, COMPLETED as NonNullable<Ending>);
    const answer = await gateway.send('POST', `/orders/${body.orderId}/cancel`, { key });
    orchestrator.beforeCancel = () => undefined;
    expect(answer).toMatchObject({ status: 409, body: { type: problem('order-already-closed') } });
  });

  it('makes one order of many requests at once with the same idempotency key', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => place(ORDER, { 'idempotency-key': 'at-once' })));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.orderId}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
  });

  describe('a return', () => {
    const completedOrder = async (): Promise<string> => {
      orchestrator.ending = (start): Ending => (start.workflowType === 'orderWorkflow' ? COMPLETED : undefined);
      return (await place()).body.orderId;
    };
    const give = (orderId: string, body?: unknown, headers: Record<string, string> = {}) => gateway.send('POST', `/orders/${orderId}/return`, { key, headers, ...(body === undefined ? {} : { body }) });

    it('takes back all that is left, once, and is shown', async () => {
      const orderId = await completedOrder();
      expect(await give(orderId, { lines: [{ sku: 'abc', quantity: 1 }] })).toMatchObject({ status: 202, body: { amountMinor: 250 } });
      const rest = await give(orderId);
      expect(rest).toMatchObject({ status: 202, body: { amountMinor: 350 } });
      expect(await give(orderId)).toMatchObject({ status: 409, body: { type: problem('nothing-to-return') } });
      expect((await gateway.send('GET', rest.headers.get('location') as string, { key })).body).toMatchObject({
        status: 'restocking',
        parts: [{ orderId, lines: [{ sku: 'ABC', quantity: 1 }, { sku: 'DEF', quantity: 1 }], refundMinor: 350 }],
      });
    });

    it('is refused for more than was sold, and for an order that is not completed', async () => {
      const orderId = await completedOrder();
      expect(await give(orderId, { lines: [{ sku: 'ABC', quantity: 3 }] })).toMatchObject({ status: 409, body: { type: problem('return-exceeds-order'), excess: [{ pointer: '/lines/0', returnable: 2 }] } });
      orchestrator.ending = () => undefined;
      expect(await give((await place()).body.orderId)).toMatchObject({ status: 409, body: { type: problem('order-not-completed') } });
    });

    it('honours the idempotency key', async () => {
      const orderId = await completedOrder();
      const first = await give(orderId, { lines: [{ sku: 'ABC', quantity: 1 }] }, { 'idempotency-key': 'r1' });
      expect(await give(orderId, { lines: [{ sku: 'ABC', quantity: 1 }] }, { 'idempotency-key': 'r1' })).toMatchObject({ status: 202, body: first.body });
      expect(await give(orderId, { lines: [{ sku: 'ABC', quantity: 2 }] }, { 'idempotency-key': 'r1' })).toMatchObject({ status: 422 });
    });

    it('is one return, however often it is asked for at once with the same idempotency key', async () => {
      const orderId = await completedOrder();
      const answers = await Promise.all(Array.from({ length: 8 }, () => give(orderId, undefined, { 'idempotency-key': 'r-at-once' })));
      expect(answers.map((answer) => `${answer.status} ${answer.body.returnId} ${answer.body.amountMinor}`)).toEqual(answers.map(() => `202 ${answers[0]?.body.returnId} 600`));
    });

    it('is refused with 422 where the same key asks for two orders at once', async () => {
      const orders = [await completedOrder(), await completedOrder()];
      const answers = await Promise.all(orders.map((orderId) => give(orderId, undefined, { 'idempotency-key': 'r-two-orders' })));
      expect(answers.map((answer) => answer.status).sort()).toEqual([202, 422]);
    });

    it('stays accepted where nobody knows whether the orchestrator started it', async () => {
      const orderId = await completedOrder();
      orchestrator.beforeStart = () => {
        throw new InternalError('it broke');
      };
      const answer = await give(orderId);
      orchestrator.beforeStart = () => undefined;
      expect(answer.status).toBe(202);
      expect(await give(orderId)).toMatchObject({ status: 409, body: { type: problem('nothing-to-return') } });
      const { ReturnStarter } = await import('../src/returns/return-starter.js');
      await gateway.app.get(ReturnStarter).startPending(0);
      expect(orchestrator.runs.has(`return-${answer.body.returnId}`)).toBe(true);
    });

    it('never gives a piece back twice, however many ask at once', async () => {
      const orderId = await completedOrder();
      const answers = await Promise.all(Array.from({ length: 8 }, () => give(orderId, { lines: [{ sku: 'ABC', quantity: 1 }] })));
      expect(answers.map((answer) => answer.status).sort()).toEqual([202, 202, 409, 409, 409, 409, 409, 409]);
    });

    it('frees again what an undone return did not bring back', async () => {
      const orderId = await completedOrder();
      const first = await give(orderId);
      orchestrator.end(`return-${first.body.returnId}`, COMPENSATED as NonNullable<Ending>);
      expect(await give(orderId)).toMatchObject({ status: 202, body: { amountMinor: 600 } });
    });

    it('that is committed while the orchestrator is away is started when it is back', async () => {
      const orderId = await completedOrder();
      orchestrator.beforeStart = () => {
        throw new StoreUnavailableError(1_000);
      };
      const answer = await give(orderId);
      orchestrator.beforeStart = () => undefined;
      expect(answer.status).toBe(202);
      expect((await gateway.send('GET', `/returns/${answer.body.returnId}`, { key })).body.status).toBe('accepted');
      const { ReturnStarter } = await import('../src/returns/return-starter.js');
      expect(await gateway.app.get(ReturnStarter).startPending(0)).toBe(1);
      expect(orchestrator.runs.has(`return-${answer.body.returnId}`)).toBe(true);
    });
  });

  it('resolves an incident with reason and identity', async () => {
    const { body } = await place();
    const path = `/workflows/order-${body.orderId}/incidents/1/edit`;
    expect(await gateway.send('POST', path, { key: gateway.keys.operator, body: { reason: 'wrong address', value: [{ a: 1 }] } })).toMatchObject({ status: 204 });
    expect(orchestrator.resolved.at(-1)).toMatchObject({ action: 'edit', incidentNumber: 1, request: { reason: 'wrong address', value: [{ a: 1 }] } });
    expect(await gateway.send('POST', path, { key: gateway.keys.operator, body: { reason: 'x' } })).toMatchObject({ status: 400, body: { violations: [{ pointer: '/value' }] } });
  });

  it('hands a list filter on as it is, and every status', async () => {
    const query = "WorkflowType = 'orderWorkflow' AND CustomerId = '17850'";
    expect((await gateway.send('GET', `/workflows?query=${encodeURIComponent(query)}&pageSize=3`, { key: gateway.keys.viewer })).status).toBe(200);
    expect(orchestrator.lastList).toEqual({ query, pageSize: 3 });
    expect((await gateway.send('GET', '/workflows?status=TIMED_OUT', { key: gateway.keys.viewer })).status).toBe(200);
  });

  it('documents itself and shows its health without a key, and its metrics with one', async () => {
    const { status, body } = await gateway.send('GET', '/docs-json');
    expect(status).toBe(200);
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/orders', '/orders/{orderId}/return', '/imports', '/reports/reconciliation', '/workflows/{workflowId}/history']));
    expect(body.paths['/orders'].post.requestBody.content['application/json'].schema.properties.lines.maxItems).toBe(2_000);
    expect((await gateway.send('GET', '/health/live')).status).toBe(200);
    expect((await gateway.send('GET', '/metrics')).status).toBe(401);
    expect((await gateway.send('GET', '/metrics', { key: gateway.keys.viewer })).status).toBe(200);
  });

  it('limits the rate of a key', async () => {
    const limited = await GatewayUnderTest.start(database, { requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (let request = 0; request < 5; request++) statuses.push((await limited.send('GET', '/orders', { key: limited.keys.orders })).status);
    const last = await limited.send('GET', '/orders', { key: limited.keys.orders });
    await limited.stop();
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(last).toMatchObject({ body: { type: problem('rate-limited') } });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
