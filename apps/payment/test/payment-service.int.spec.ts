import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { activityJobId, activityKey, serviceQueues, type ActivityJob, type ActivityOutcome, type JsonValue, type OutcomeBatchJob } from '@backstitch/protocol';
import { consume, JobQueues, migrateQueueSchema, type Consumer, type QueueConnection } from '@backstitch/queues';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import { startStripeSimulator, type StripeSimulator } from '@backstitch/stripe-simulator';
import pg from 'pg';
import { startPayment } from '../src/start-payment.js';

const QUEUES = serviceQueues('payment');
/** Specs start no process of their own: signals and exits go nowhere. */
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };

describe.each(queueBackendsUnderTest())('the payment service with its queues on %s', (backend) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let simulator: StripeSimulator;
  let service: RunningService<unknown>;
  let queues: JobQueues;
  let outcomes: Consumer;
  const waiting = new Map<string, (outcome: ActivityOutcome) => void>();

  beforeAll(async () => {
    database = await createTestDatabase(`payment_${backend}`);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE SCHEMA payment');
    await client.end();
    const prefix = `payment-${randomUUID().slice(0, 8)}`;
    const connection: QueueConnection = backend === 'redis' ? { backend, url: testRedisUrl(), prefix } : { backend, url: database.url };
    if (backend === 'postgres') await migrateQueueSchema(database.url, 'payment');
    simulator = await startStripeSimulator({ hangMs: 2_000 });
    service = await startPayment({
      env: {
        DATABASE_URL: database.url,
        PORT: '0',
        STRIPE_API_BASE: simulator.url,
        STRIPE_TIMEOUT_MS: '300',
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: prefix } : {}),
      },
      process: noProcess,
      logger: createLogger({ service: 'payment', level: 'silent' }),
    });
    queues = new JobQueues(connection);
    outcomes = consume<OutcomeBatchJob>(connection, QUEUES.outcomes, async ({ data }) => {
      for (const outcome of data.outcomes) waiting.get(idOf(outcome))?.(outcome);
    });
    await outcomes.ready();
  });

  afterAll(async () => {
    await service?.stop();
    await outcomes?.close(1_000);
    await queues?.close();
    await simulator?.close();
    await database?.drop();
  });

  const idOf = ({ key, attempt, dispatch }: Pick<ActivityJob, 'key' | 'attempt' | 'dispatch'>) => `${key} ${attempt} ${dispatch}`;

  /** Puts one attempt on its queue and waits for its outcome. */
  async function attempt(
    activityType: string,
    input: JsonValue,
    at: { runId: string; scheduledEventId: number; attempt?: number; dispatch?: number; undoOf?: ActivityJob['undoOf'] },
  ): Promise<ActivityOutcome> {
    const job: ActivityJob = {
      envelopeVersion: 1,
      kind: 'activity',
      workflowId: `order-${at.runId}`,
      workflowType: 'orderWorkflow',
      activityId: String(at.scheduledEventId),
      activityType,
      key: activityKey(at.runId, at.scheduledEventId),
      attempt: 1,
      dispatch: 1,
      input: [input],
      scheduledAtMs: Date.now(),
      replyTo: QUEUES.outcomes,
      ...at,
    };
    const answer = new Promise<ActivityOutcome>((resolve) => waiting.set(idOf(job), resolve));
    await queues.addBulk(at.undoOf === undefined ? QUEUES.tasks : QUEUES.compensation, [{ name: activityType, data: job, jobId: activityJobId(job) }]);
    return answer;
  }

  const charge = (orderId: string, paymentToken: string) => ({ orderId, amountMinor: 990, currency: 'GBP', paymentToken });

  it('given an order, when it is charged, delivered again, undone, and delivered once more, then it is charged once, refunded once, and refused for good', async () => {
    const runId = randomUUID();
    const at = { runId, scheduledEventId: 11 };
    const input = charge(`order-${runId}`, 'tok_visa');
    const first = await attempt('chargePayment', input, at);
    expect(first.outcome).toMatchObject({ status: 'completed', result: { chargeId: expect.any(String) } });
    expect(await attempt('chargePayment', input, { ...at, dispatch: 2 })).toMatchObject({ repeated: true, outcome: first.outcome });

    const undone = await attempt('refundPayment', { input }, { runId, scheduledEventId: 21, undoOf: { key: first.key, activityType: 'chargePayment' } });
    expect(undone.outcome).toEqual({ status: 'completed', result: { refundedMinor: 990 } });

    const late = await attempt('chargePayment', input, { ...at, dispatch: 3 });
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

  it('given a running service, when its health is asked, then it is ready', async () => {
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  });
});
