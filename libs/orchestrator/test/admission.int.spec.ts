import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { FakeService, type FakeHandler } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Answer, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let workflows: WorkflowBundle;
let database: TestDatabase;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  workflows = await bundleTestWorkflows();
});
// What is open counts: no other spec may share it.
beforeEach(async () => {
  database = await makeTestDatabase('admission');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await database.drop();
});

const NOWHERE: QueueConnection = { backend: 'redis', url: 'redis://127.0.0.1:1', prefix: 'nowhere' };

async function replicaOn(queueConnection: QueueConnection, openActivitiesMax: number): Promise<Replica> {
  const replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows, admission: { openActivitiesMax } });
  cleanups.push(() => replica.stop());
  return replica;
}

function serviceOn(connection: QueueConnection, handler: FakeHandler): void {
  const service = new FakeService(connection, 'shop', handler);
  cleanups.push(() => service.stop());
}

const completed = { status: 'completed', result: 'served' } as const;
const starts = (workflowType: string, ...workflowIds: string[]) => workflowIds.map((workflowId) => ({ workflowId, workflowType, args: [] }));
const start = (replica: Replica, ...all: object[]): Promise<Answer> => replica.call('POST', '/workflows', { starts: all });

function expectRefused(answer: Answer): void {
  expect([answer.status, answer.body.error.code]).toEqual([503, 'OVERLOADED']);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(answer.body.error.details.retryAfterMs).toBeGreaterThan(0);
}

describe.each(queueBackendsUnderTest())('admission, with queues on %s', (backend) => {
  it('given a queue that holds as much as is allowed, when more starts come, then none of them begins and they are told when to come again, until the service has answered', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const replica = await replicaOn(connection, 3);
    // The last call finds room for one and is taken whole.
    expect((await start(replica, ...starts('greeting', 'a', 'b'))).status).toBe(200);
    expect((await start(replica, ...starts('greeting', 'c', 'd', 'e'))).status).toBe(200);
    expectRefused(await start(replica, ...starts('greeting', 'f', 'g')));
    expect((await replica.call('GET', '/workflows/f')).status).toBe(404);
    expect((await replica.call('GET', '/workflows/a')).body.status).toBe('RUNNING');
    expect(await replica.registry.metrics()).toContain('backstitch_waiting_activities{task_queue="shop"} 5');
    serviceOn(connection, () => completed);
    expect((await replica.closed('e'))?.status).toBe('COMPLETED');
    await eventually('starts are taken again', async () => (await start(replica, ...starts('greeting', 'f', 'g'))).status === 200);
    expect((await replica.closed('g'))?.status).toBe('COMPLETED');
    expect(await replica.registry.metrics()).toContain('backstitch_start_calls_refused_total{reason="openActivities"}');
  });

  it('given a queue that is full, when a running order fails, then its undo runs all the same', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const replica = await replicaOn(connection, 3);
    let answerAll: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answerAll = resolve));
    await start(replica, ...starts('wrapping', 'order'), ...starts('greeting', 'a', 'b', 'c'));
    expectRefused(await start(replica, ...starts('greeting', 'd')));
    const undone: string[] = [];
    serviceOn(connection, async ({ workflowType, activityType, undoOf }) => {
      if (workflowType === 'greeting') await answered;
      if (undoOf !== undefined) undone.push(activityType);
      return completed;
    });
    expect((await replica.closed('order'))?.status).toBe('FAILED');
    // Deliveries are at least once: this service has no inbox, and new queues are scanned as flushed ones are.
    expect([...new Set(undone)]).toEqual(['unwrap']);
    expectRefused(await start(replica, ...starts('greeting', 'd')));
    answerAll();
  });
});

describe('admission', () => {
  it('given Redis that is down, when starts come, then they are taken up to the limit, and a replica that is started anew knows how many there are', async () => {
    const first = await replicaOn(NOWHERE, 4);
    for (const workflowId of ['a', 'b', 'c', 'd']) expect((await start(first, ...starts('greeting', workflowId))).status).toBe(200);
    expectRefused(await start(first, ...starts('greeting', 'e')));
    await first.stop();
    const second = await replicaOn(NOWHERE, 4);
    expectRefused(await start(second, ...starts('greeting', 'e')));
    // What is open and can be ended without the queue makes room.
    expect((await second.call('POST', '/workflows/a/terminate', { reason: 'not wanted' })).status).toBe(204);
    expect((await start(second, ...starts('greeting', 'e'))).status).toBe(200);
  });

  it('given runs that sleep or wait for a signal, when more starts come, then they are no load', async () => {
    const replica = await replicaOn(NOWHERE, 2);
    const sleepers = Array.from({ length: 20 }, (_, index) => ({ workflowId: `s${index}`, workflowType: index % 2 === 0 ? 'napping' : 'waiting', args: [3_600_000] }));
    for (const sleeper of sleepers) expect((await start(replica, sleeper)).status).toBe(200);
  });

  it('given a queue that is full, when a call comes that starts workflows, then it is refused before its body is looked at, and other calls are answered', async () => {
    const replica = await replicaOn(NOWHERE, 1);
    await start(replica, ...starts('greeting', 'a'));
    expectRefused(await replica.call('POST', '/workflows', '{ this is no JSON'));
    expect((await replica.call('POST', '/workflows/list', {})).body.workflows).toHaveLength(1);
    expect((await replica.call('POST', '/workflows/a/cancel', {})).status).toBe(204);
  });
});
