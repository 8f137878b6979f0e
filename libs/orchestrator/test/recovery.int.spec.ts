import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartWorkflowResult } from '@backstitch/protocol';
import { hasRedisServer, queueBackendsUnderTest, startRedis } from '@backstitch/servers';
import { JobQueues, type QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { Redis } from 'ioredis';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let workflows: WorkflowBundle;
let database: TestDatabase;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  workflows = await bundleTestWorkflows();
  database = await makeTestDatabase('recovery');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => database.drop());

async function replicaOn(queueConnection: QueueConnection, options: Partial<Parameters<typeof startReplica>[0]> = {}): Promise<Replica> {
  const replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows, ...options });
  cleanups.push(() => replica.stop());
  return replica;
}

function serviceOn(connection: QueueConnection): FakeService {
  const service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: 'served' }));
  cleanups.push(() => service.stop());
  return service;
}

async function queuesOn(connection: QueueConnection): Promise<JobQueues> {
  const queues = new JobQueues(connection);
  cleanups.push(() => queues.close());
  return queues;
}

function bound(client: PoolClient, name: string | symbol): unknown {
  const value: unknown = Reflect.get(client, name);
  return typeof value === 'function' ? value.bind(client) : value;
}

/** Until they are let go, nobody who adds jobs to a queue hears how it went: what has an answer all the same did not wait for that. */
function holdAdds(): () => void {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { addBulk } = JobQueues.prototype;
  const adding = jest.spyOn(JobQueues.prototype, 'addBulk').mockImplementation(async function (this: JobQueues, ...call) {
    await held;
    return addBulk.apply(this, call);
  });
  const end = (): void => {
    adding.mockRestore();
    letGo();
  };
  cleanups.push(async () => end());
  return end;
}

/** As when the network breaks just after the database has committed. */
function loseAnswersOfCommits(dataSource: DataSource): { next: number; lost: number } {
  const losing = { next: 0, lost: 0 };
  const { driver } = dataSource;
  const obtain = driver.obtainMasterConnection.bind(driver) as () => Promise<[PoolClient, (destroy?: boolean) => void]>;
  driver.obtainMasterConnection = async () => {
    const [client, release] = await obtain();
    const query = async (config: QueryConfig): Promise<QueryResult> => {
      const result = await client.query(config);
      if (losing.next > 0 && config.name?.startsWith('backstitch_commit') === true) {
        losing.next -= 1;
        losing.lost += 1;
        throw new Error('Connection terminated unexpectedly');
      }
      return result;
    };
    // All else is the connection's own: TypeORM, too, takes it and gives it back, and waits for ever at its end for what it could not give back.
    return [new Proxy(client, { get: (target, name) => (name === 'query' ? query : bound(target, name)) }), release];
  };
  return losing;
}

describe.each(queueBackendsUnderTest())('recovery, with queues on %s', (backend) => {
  it('given a replica that died between commit and dispatch, when another takes its partitions, then the job is made again', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const first = await replicaOn(connection);
    const [started] = await first.start({ workflowType: 'greeting', args: ['x'] });
    const queues = await queuesOn(connection);
    await eventually('the job is on its queue', async () => (await queues.queue('shop').getWaitingCount()) > 0);
    await first.stop();
    await queues.queue('shop').obliterate({ force: true });
    const service = serviceOn(connection);
    const second = await replicaOn(connection);
    expect(await second.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
    // A Redis that is used for the first time counts as flushed, so that it may have been dispatched once more.
    expect([...new Set(service.jobs.map(({ attempt, dispatch }) => `attempt ${attempt}, ${dispatch > 1 ? 'again' : 'as at first'}`))]).toEqual(['attempt 1, again']);
    expect(await second.registry.metrics()).toContain('backstitch_redispatched_runs_total{reason="start"} 1');
  });

  it('given a commit whose answer is lost, when the start or the reply is sent again, then the next step is dispatched without waiting for an audit', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const dataSource = await database.connect();
    const replica = await startReplica({ dataSource, queueConnection: connection, workflows });
    cleanups.push(() => replica.stop());
    const losing = loseAnswersOfCommits(dataSource);
    losing.next = 1;
    const lost = await replica.call('POST', '/workflows', { starts: [{ workflowId: `lost-${backend}`, workflowType: 'wrapping', args: ['x'] }] });
    expect(lost.status).toBe(503);
    const [again] = await replica.start({ workflowId: `lost-${backend}`, workflowType: 'wrapping', args: ['x'] });
    expect(again).toMatchObject({ status: 'existing' });
    // The next commit is that of the step's outcome, with the undo that follows.
    losing.next = 1;
    const service = serviceOn(connection);
    expect(await replica.closed(`lost-${backend}`)).toMatchObject({ status: 'FAILED' });
    expect(losing.lost).toBe(2);
    expect(service.jobs.map(({ activityType }) => activityType)).toContain('unwrap');
  });

  it('given a job that was lost unseen, when the audit runs, then it is dispatched again, and what still has time or waits on its queue is left alone', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const replica = await replicaOn(connection, { auditSilenceMs: 1 });
    const [lost] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    const queues = await queuesOn(connection);
    await eventually('the job is on its queue', async () => (await queues.queue('shop').getWaitingCount()) > 0);
    await queues.queue('shop').obliterate({ force: true });
    // Its start-to-close time-out of ten seconds has not passed twice.
    expect(await replica.host.audit()).toBe(0);
    await replica.stop();
    const patient = { now: () => Date.now() + 60_000 };
    const later = await replicaOn(connection, { auditSilenceMs: 1, clock: patient });
    await eventually('the job is on its queue again', async () => (await queues.queue('shop').getWaitingCount()) > 0);
    expect(await later.host.audit()).toBe(0);
    await queues.queue('shop').obliterate({ force: true });
    serviceOn(connection);
    await eventually('the audit finds it', async () => (await later.host.audit()) > 0 || (await later.closed(lost!.workflowId, 1)) !== undefined);
    expect(await later.closed(lost!.workflowId)).toMatchObject({ status: 'COMPLETED' });
  });
});

(hasRedisServer() ? describe : describe.skip)('recovery, with a Redis of its own', () => {
  async function ownRedis() {
    const directory = await mkdtemp(join(tmpdir(), 'backstitch-redis-'));
    let server: Awaited<ReturnType<typeof startRedis>> | undefined = await startRedis({ directory });
    const { url, port } = server;
    const stop = async (): Promise<void> => {
      await server?.stop();
      server = undefined;
    };
    // Stopped last, so that whoever is connected can say goodbye.
    cleanups.push(() => rm(directory, { recursive: true, force: true }), stop);
    const connection: QueueConnection = { backend: 'redis', url, prefix: `spec-${randomUUID()}` };
    return {
      connection,
      stop,
      restart: async () => {
        server = await startRedis({ directory, port });
      },
    };
  }

  it('given Redis down, when workflows are started, then they are accepted at once, and go on when it is back', async () => {
    const redis = await ownRedis();
    const replica = await replicaOn(redis.connection);
    serviceOn(redis.connection);
    await redis.stop();
    const letAddsGo = holdAdds();
    const results = await replica.start(...Array.from({ length: 5 }, () => ({ workflowType: 'greeting', args: ['x'] })));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'started'));
    letAddsGo();
    await eventually('the queue is known to be down', async () => (await replica.registry.metrics()).includes('backstitch_dispatch_failures_total{task_queue="shop"}'));
    const letLaterAddsGo = holdAdds();
    const later = await replica.start({ workflowType: 'greeting', args: ['y'] });
    letLaterAddsGo();
    await redis.restart();
    for (const { workflowId } of [...results, ...later]) {
      expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
    }
  });

  it('given more runs than it remembers, when Redis comes back, then a scan finds them all', async () => {
    const redis = await ownRedis();
    const replica = await replicaOn(redis.connection, { affectedRunsMax: 3, recoveryPageSize: 4 });
    serviceOn(redis.connection);
    await redis.stop();
    const results = await replica.start(...Array.from({ length: 15 }, () => ({ workflowType: 'greeting', args: ['x'] })));
    await eventually('the queue is known to be down', async () => (await replica.registry.metrics()).includes('backstitch_dispatch_failures_total{task_queue="shop"}'));
    await redis.restart();
    for (const { workflowId } of results) {
      expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED' });
    }
  });

  it('given jobs in Redis, when it is flushed, then they are made again', async () => {
    const redis = await ownRedis();
    const replica = await replicaOn(redis.connection);
    const client = new Redis(redis.connection.url);
    cleanups.push(async () => client.disconnect());
    await eventually('the marker is there', async () => (await client.keys('*marker*')).length > 0);
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    const queues = await queuesOn(redis.connection);
    await eventually('the job is on its queue', async () => (await queues.queue('shop').getWaitingCount()) > 0);
    await client.flushall();
    serviceOn(redis.connection);
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
  });

  it('given a Redis that lost its last jobs in a crash and kept the rest, when it is back, then they are made again without waiting for the slow audit', async () => {
    const redis = await ownRedis();
    const replica = await replicaOn(redis.connection);
    const queues = await queuesOn(redis.connection);
    const client = new Redis(redis.connection.url);
    cleanups.push(async () => client.disconnect());
    await eventually('the marker is there', async () => (await client.keys('*marker*')).length > 0);
    const [kept, lost] = await replica.start({ workflowType: 'greeting', args: ['kept'] }, { workflowType: 'greeting', args: ['lost'] });
    const waiting = async (): Promise<string[]> => (await queues.queue('shop').getJobs(['waiting'])).map(({ data }) => (data as { runId: string }).runId);
    const runIdOf = (result: StartWorkflowResult | undefined): string => (result as { runId: string }).runId;
    await eventually('the jobs are on their queue', async () => (await waiting()).includes(runIdOf(kept)) && (await waiting()).includes(runIdOf(lost)));
    for (const job of await queues.queue('shop').getJobs(['waiting'])) {
      if ((job.data as { runId: string }).runId === runIdOf(lost)) await job.remove();
    }
    await redis.stop();
    await redis.restart();
    await eventually('the lost job is on its queue again', async () => (await waiting().catch((): string[] => [])).includes(runIdOf(lost)));
    expect((await waiting()).filter((runId) => runId === runIdOf(kept))).toHaveLength(1);
    serviceOn(redis.connection);
    for (const started of [kept, lost]) expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED' });
    expect(await replica.registry.metrics()).toContain('backstitch_redispatched_runs_total{reason="queueRestarted"} 1');
  });

  it('given Redis down from the beginning, when a replica starts, then it starts, accepts, and goes on later', async () => {
    const redis = await ownRedis();
    await redis.stop();
    const replica = await replicaOn(redis.connection);
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    await redis.restart();
    serviceOn(redis.connection);
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
  });
});
