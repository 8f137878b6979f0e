import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionOf } from '@backstitch/protocol';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { WorkflowBundle } from '@backstitch/sandbox';
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
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => database?.drop());

/** Whatever it sends to the database waits, as in a process that stands still. */
function standStill(dataSource: DataSource): { goOn(): void } {
  const { driver } = dataSource;
  const obtain = driver.obtainMasterConnection.bind(driver);
  let goOn: () => void = () => undefined;
  const awake = new Promise<void>((resolve) => (goOn = resolve));
  driver.obtainMasterConnection = async () => {
    await awake;
    return obtain();
  };
  cleanups.push(async () => goOn());
  return {
    goOn: () => {
      driver.obtainMasterConnection = obtain;
      goOn();
    },
  };
}

const ownedBy = async (replica: Replica): Promise<number> => (await replica.call('GET', '/info')).body.partitions.owned as number;

async function countOf(replica: Replica, metric: string): Promise<number> {
  const line = (await replica.registry.metrics()).split('\n').find((each) => each.startsWith(`${metric} `) || each.startsWith(`${metric}{`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe.each(queueBackendsUnderTest())('a stale owner, with queues on %s', (backend) => {
  let steady: Replica;
  let stale: Replica;

  async function bringUp(): Promise<void> {
    await database?.drop();
    database = await makeTestDatabase('stale');
    const queueConnection = await makeQueueConnection(backend, database, ['shop']);
    const replica = async (replicaId: string): Promise<Replica> => {
      const started = await startReplica({ dataSource: await database.connect(), queueConnection, workflows, replicaId, leaseMs: 2_000, leaseRenewalMs: 200, awaitClosedRecheckMs: 50, databaseAcquireTimeoutMs: 60_000 });
      cleanups.push(() => started.stop());
      return started;
    };
    steady = await replica('steady');
    stale = await replica('stale');
    const service = new FakeService(queueConnection, 'shop', () => ({ status: 'completed', result: 'served' }));
    cleanups.push(() => service.stop());
    await eventually('they share the partitions', async () => (await ownedBy(steady)) === 32 && (await ownedBy(stale)) === 32);
    // Who holds what is learned with the next renewal.
    const probes = (await heldByStale(1_000)).slice(100);
    await eventually('starts are passed on', async () => {
      await steady.start({ workflowId: probes.pop(), workflowType: 'napping', args: [1] });
      return (await countOf(stale, 'backstitch_workflows_started_total')) > 0;
    });
    await eventually('nothing is left of that', async () => (await countOf(steady, 'backstitch_pending_workflows')) === 0);
  }

  /** Ids of workflows that `stale` holds. */
  async function heldByStale(count: number): Promise<string[]> {
    const rows: { partition: number }[] = await database.dataSource.query(`SELECT partition FROM orchestrator.partition_lease WHERE replica_id = 'stale'`);
    const held = new Set(rows.map(({ partition }) => partition));
    return Array.from({ length: 1_000 }, (_, index) => `stale-${index}`)
      .filter((workflowId) => held.has(partitionOf(workflowId)))
      .slice(0, count);
  }

  it('given an owner that stands still beyond its leases, when it wakes up and goes on, then its appends lose to the fence, nothing happens twice, and it joins again', async () => {
    await bringUp();
    const workflowIds = await heldByStale(10);
    // Asked of the other one, and passed on: the holder has them in memory.
    const started = await steady.start(...workflowIds.map((workflowId) => ({ workflowId, workflowType: 'waiting' })));
    expect(started.map(({ status }) => status)).toEqual(workflowIds.map(() => 'started'));

    const pause = standStill(stale.dataSource);
    const lateSignals = workflowIds.map((workflowId) => stale.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'say', args: ['late'] }));
    await eventually('the other one has taken over', async () => (await ownedBy(steady)) === 64);
    expect(await ownedBy(stale)).toBe(0);
    for (const workflowId of workflowIds) {
      expect((await steady.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'say', args: ['early'] })).status).toBe(204);
      expect(await steady.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: 'early' });
    }

    pause.goOn();
    const answers = await Promise.all(lateSignals);
    expect(answers.map(({ body }) => body?.error.code)).toEqual(workflowIds.map(() => 'WORKFLOW_ALREADY_CLOSED'));
    expect(await countOf(stale, 'backstitch_stale_appends_total')).toBeGreaterThan(0);
    for (const workflowId of workflowIds) {
      const { events } = (await steady.call('GET', `/workflows/${workflowId}/history`)).body as { events: { eventId: number; eventType: string }[] };
      expect(events.map(({ eventId }) => eventId)).toEqual(events.map((_, index) => index + 1));
      expect(events.filter(({ eventType }) => /SIGNALED|EXECUTION_COMPLETED/.test(eventType))).toHaveLength(2);
    }
    await eventually('they share again', async () => (await ownedBy(steady)) === 32 && (await ownedBy(stale)) === 32);
    const [again] = await stale.start({ workflowType: 'greeting', args: ['x'] });
    expect(await stale.closed(again!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
  });

  it('given two replicas, when many workflows run, then outcomes and calls reach the one that has the run in memory, so that none is read again', async () => {
    await bringUp();
    const workflowIds = await heldByStale(20);
    const replaysBefore = await countOf(stale, 'backstitch_replays_total');
    await steady.start(...workflowIds.map((workflowId) => ({ workflowId, workflowType: 'wrapping', args: ['x'] })));
    for (const workflowId of workflowIds) expect(await steady.closed(workflowId)).toMatchObject({ status: 'FAILED' });
    expect(await countOf(stale, 'backstitch_stale_appends_total')).toBe(0);
    expect(await countOf(stale, 'backstitch_replays_total')).toBe(replaysBefore);
    expect(await countOf(steady, 'backstitch_passed_on_outcomes_total')).toBeGreaterThan(0);
    // A query changes nothing, so no fence would notice that it was answered from an old state: it goes where the run is.
    const [asked] = (await heldByStale(21)).slice(20);
    const cachedBefore = await countOf(steady, 'backstitch_cached_runs');
    await stale.start({ workflowId: asked!, workflowType: 'waiting' });
    const answer = await steady.call('POST', `/workflows/${asked!}/query`, { queryName: 'heard', args: [] });
    expect([answer.status, answer.body]).toEqual([200, { result: null }]);
    expect(await countOf(steady, 'backstitch_cached_runs')).toBe(cachedBefore);
  });
});
