import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { activityKey, type ActivityJob, type ActivityOutcome, type JsonValue } from '@backstitch/protocol';
import { migrateQueueSchema } from '@backstitch/queues';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import { startStripeSimulator, type StripeSimulator } from '@backstitch/stripe-simulator';
import { WorkWire, type WorkWireConnection } from '@backstitch/testing';
import pg from 'pg';
import { startPayment } from '../src/start-payment.js';

/** Specs start no process of their own: signals and exits go nowhere. */
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };

describe.each(queueBackendsUnderTest())('the payment service with its queues on %s', (backend) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let simulator: StripeSimulator;
  let service: RunningService<unknown>;
  let wire: WorkWire;

  beforeAll(async () => {
    database = await createTestDatabase(`payment_${backend}`);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE SCHEMA payment');
    await client.end();
    const prefix = `payment-${randomUUID().slice(0, 8)}`;
    const connection: WorkWireConnection = backend === 'redis' ? { backend, url: testRedisUrl(), prefix } : { backend, url: database.url };
    if (backend === 'postgres') await migrateQueueSchema(database.url, 'payment');
    simulator = await startStripeSimulator({ hangMs: 60_000 });
    service = await startPayment({
      env: {
        DATABASE_URL: database.url,
        PORT: '0',
        STRIPE_API_BASE: simulator.url,
        STRIPE_TIMEOUT_MS: '2000',
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: prefix } : {}),
      },
      process: noProcess,
      logger: createLogger({ service: 'payment', level: 'silent' }),
    });
    wire = new WorkWire('payment', connection);
  });

  afterAll(async () => {
    await wire?.close();
    await service?.stop();
    await simulator?.close();
    await database?.drop();
  });

  interface Place {
    runId: string;
    scheduledEventId: number;
    attempt?: number;
    undoOf?: ActivityJob['undoOf'];
  }
  /** Puts one attempt on its queue and waits for its outcome. */
  const attempt = (activityType: string, input: JsonValue, { runId, scheduledEventId, ...at }: Place): Promise<ActivityOutcome> =>
    wire.attempt({ activityType, input: [input], key: activityKey(runId, scheduledEventId), ...at });

  const charge = (orderId: string, paymentToken: string) => ({ orderId, amountMinor: 990, currency: 'GBP', paymentToken });

  it('given an order, when it is charged, delivered again, undone, and delivered once more, then it is charged once, refunded once, and refused for good', async () => {
    const runId = randomUUID();
    const at = { runId, scheduledEventId: 11 };
    const input = charge(`order-${runId}`, 'tok_visa');
    const first = await attempt('chargePayment', input, at);
    expect(first.outcome).toMatchObject({ status: 'completed', result: { chargeId: expect.any(String) } });
    expect(await attempt('chargePayment', input, at)).toMatchObject({ repeated: true, outcome: first.outcome });

    const undone = await attempt('refundPayment', { input }, { runId, scheduledEventId: 21, undoOf: { key: first.key, activityType: 'chargePayment' } });
    expect(undone.outcome).toEqual({ status: 'completed', result: { refundedMinor: 990 } });

    const late = await attempt('chargePayment', input, at);
    expect(late.outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'BackstitchStepUndone', nonRetryable: true } } });
    expect(simulator.charges().filter((each) => each.metadata['order_id'] === input.orderId)).toMatchObject([{ amount: 990, refunded: 990 }]);
  });

  it('given no answer after the charge, when the attempt asks the provider, then it completes and there is one charge', async () => {
    const runId = randomUUID();
    const input = charge(`order-${runId}`, 'tok_timeoutAfterCharge');
    expect((await attempt('chargePayment', input, { runId, scheduledEventId: 11 })).outcome.status).toBe('completed');
    expect(simulator.charges().filter((each) => each.metadata['order_id'] === input.orderId)).toHaveLength(1);
  });

  it('given a doubt, when the attempt fails retryably and a second one is made, then there is one charge', async () => {
    const runId = randomUUID();
    const input = charge(`order-${runId}`, 'tok_500');
    const first = await attempt('chargePayment', input, { runId, scheduledEventId: 11 });
    expect(first.outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'ProviderDoubtError' } } });
    expect(first.outcome).not.toMatchObject({ failure: { applicationFailureInfo: { nonRetryable: true } } });
    expect((await attempt('chargePayment', input, { runId, scheduledEventId: 11, attempt: 2 })).outcome.status).toBe('completed');
    expect(simulator.charges().filter((each) => each.metadata['order_id'] === input.orderId)).toHaveLength(1);
  });

  it('given a declined card, when it is charged, then the failure is PaymentDeclined for good and quotes no token', async () => {
    const runId = randomUUID();
    const { outcome } = await attempt('chargePayment', charge(`order-${runId}`, 'tok_chargeDeclined'), { runId, scheduledEventId: 11 });
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: { applicationFailureInfo: { type: 'PaymentDeclined', nonRetryable: true, details: [{ declineCode: 'generic_decline' }] } },
    });
    expect(JSON.stringify(outcome)).not.toContain('tok_');
  });

  it('given a charge that was never made, when it is undone, then nothing is refunded and the provider is not asked', async () => {
    const runId = randomUUID();
    const before = simulator.requestCount();
    const { outcome } = await attempt(
      'refundPayment',
      { input: charge(`order-${runId}`, 'tok_visa') },
      { runId, scheduledEventId: 21, undoOf: { key: activityKey(runId, 11), activityType: 'chargePayment' } },
    );
    expect(outcome).toEqual({ status: 'completed', result: { refundedMinor: 0 } });
    expect(simulator.requestCount()).toBe(before);
  });

  it('given an input that breaks the contract, when it comes, then it is refused for good', async () => {
    const runId = randomUUID();
    const { outcome } = await attempt('chargePayment', { ...charge('o', 'tok_visa'), amountMinor: 9.9 }, { runId, scheduledEventId: 11 });
    expect(outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'InvalidActivityInput', nonRetryable: true } } });
  });

  it('given a running service, when its health is asked, then it is ready, and so are its database and its queues', async () => {
    const answer = await fetch(`${service.url}/health/ready`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'ready', checks: { database: expect.anything(), queues: expect.anything() } });
  });
});
