import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { eventually } from '../../test/orchestrator-harness.js';
import { Database } from '../store/database.js';
import { PartitionCountMismatchError, PartitionLeases } from './partition-leases.js';

const LONG_MS = 60_000;
let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await makeTestDatabase('leases');
  database = new Database(testDatabase.dataSource);
});
afterEach(() => testDatabase.dataSource.query('TRUNCATE orchestrator.partition_lease, orchestrator.replica, orchestrator.execution'));
afterAll(() => testDatabase.drop());

async function replica(replicaId: string, leaseMs = LONG_MS, monotonicMs?: () => number): Promise<PartitionLeases> {
  const leases = new PartitionLeases(database, { replicaId, partitionCount: 64, leaseMs }, monotonicMs);
  await leases.prepare();
  return leases;
}

/** As far as leases are concerned: all of them have run out. */
async function timePasses(): Promise<void> {
  for (const table of ['replica', 'partition_lease']) await testDatabase.dataSource.query(`UPDATE orchestrator.${table} SET expires_at = now() WHERE expires_at IS NOT NULL`);
}

describe('partition leases', () => {
  it('given one replica, when it renews, then it holds all partitions, and took them once', async () => {
    const only = await replica('a');
    const first = await only.renew();
    expect([first.owned.length, first.taken.length, first.others, first.replicaLost]).toEqual([64, 64, [], false]);
    const second = await only.renew();
    expect([second.owned.length, second.taken.length]).toEqual([64, 0]);
  });

  it.each([2, 3, 5])('given %d replicas, when each has renewed a few times, then they share fairly and nothing twice', async (count) => {
    const replicas = await Promise.all(Array.from({ length: count }, (_, index) => replica(`r${index}`)));
    for (let round = 0; round < 3; round += 1) {
      for (const each of replicas) await each.renew();
    }
    expect(replicas.flatMap(({ owned }) => owned).sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, partition) => partition));
    expect(Math.max(...replicas.map(({ owned }) => owned.length))).toBeLessThanOrEqual(Math.ceil(64 / count));
  });

  it('given many replicas that renew at once, when they are done, then no partition has two owners', async () => {
    const replicas = await Promise.all(Array.from({ length: 6 }, (_, index) => replica(`c${index}`)));
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(replicas.map((each) => each.renew()));
    }
    const owned = replicas.flatMap((each) => each.owned);
    expect(new Set(owned).size).toBe(owned.length);
  });

  it('given a replica that dies, when its leases have run out, then another takes all and knows that one was lost', async () => {
    const survivor = await replica('survivor');
    const dying = await replica('dying');
    await dying.renew();
    await survivor.renew();
    expect(survivor.owned).toHaveLength(0);
    await timePasses();
    let taken = 0;
    let lost = 0;
    await eventually('the survivor holds all', async () => {
      const state = await survivor.renew();
      taken += state.taken.length;
      lost += state.replicaLost ? 1 : 0;
      return state.owned.length === 64;
    });
    expect([taken, lost]).toEqual([64, 1]);
  });

  it('given a replica that leaves in order, when the other renews, then it holds all and none was lost', async () => {
    const [stays, leaves] = [await replica('stays'), await replica('leaves')];
    await leaves.renew();
    await stays.renew();
    await leaves.release();
    const state = await stays.renew();
    expect([state.owned.length, state.replicaLost, state.others]).toEqual([64, false, []]);
  });

  it('given a replica that could not renew for as long as its leases last, when it is asked, then it holds nothing, and what nobody took meanwhile it need not take again', async () => {
    let nowMs = 0;
    const cutOff = await replica('cut-off', LONG_MS, () => nowMs);
    await cutOff.renew();
    nowMs = LONG_MS - 1;
    expect([cutOff.isLapsed, cutOff.owned.length]).toEqual([false, 64]);
    nowMs = LONG_MS;
    expect([cutOff.isLapsed, cutOff.owned.length]).toEqual([true, 0]);
    const state = await cutOff.renew();
    expect([cutOff.owned.length, state.taken, state.lost]).toEqual([64, [], []]);
  });

  it('given a replica that stood still while another took its partitions, when it renews, then it learns what it lost, and joins again', async () => {
    const still = await replica('still', 50);
    await still.renew();
    const other = await replica('other');
    await eventually('the other holds all', async () => (await other.renew()).owned.length === 64);
    const awake = await still.renew();
    expect([awake.owned, awake.lost.length, awake.others]).toEqual([[], 64, [{ replicaId: 'other', url: undefined, buildId: 'unknown', partitions: Array.from({ length: 64 }, (_, partition) => partition) }]]);
    expect(awake.nextExpiryMs).toBeGreaterThan(0);
    await eventually('they share', async () => {
      await Promise.all([still.renew(), other.renew()]);
      return still.owned.length === 32 && other.owned.length === 32;
    });
  });

  it('given a replica that listens where another one did, when it takes its place, then it holds all at once, and others know that one was lost', async () => {
    const [killed, observer, restarted] = [await replica('killed'), await replica('observer'), await replica('restarted')];
    await killed.replaceAt('http://127.0.0.1:1');
    await killed.renew();
    expect((await observer.renew()).others.map(({ url }) => url)).toEqual(['http://127.0.0.1:1']);
    await restarted.replaceAt('http://127.0.0.1:1');
    const state = await restarted.renew();
    expect([state.taken.length, state.others.map(({ replicaId }) => replicaId)]).toEqual([32, ['observer']]);
    expect(await observer.renew()).toMatchObject({ replicaLost: true, owned: { length: 32 }, others: [{ replicaId: 'restarted', url: 'http://127.0.0.1:1', partitions: { length: 32 } }] });
  });

  it('given partitions that another replica is just at, when one renews, then it knows that it is short of some', async () => {
    const [only] = [await replica('only')];
    await testDatabase.dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1 FROM orchestrator.partition_lease WHERE partition < 10 FOR UPDATE');
      const state = await only.renew();
      expect([state.owned.length, state.isShort]).toEqual([54, true]);
    });
    expect(await only.renew()).toMatchObject({ taken: { length: 10 }, isShort: false });
  });

  it('given runs that want to be woken, when the leases are renewed, then the earliest time of those in owned partitions is told', async () => {
    await testDatabase.dataSource.query(`INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, next_event_id, wake_at_ms,
      history_size_bytes, open_activities, open_incidents, request_fingerprint, search_attributes, memo)
      SELECT gen_random_uuid(), 'w' || n, 't', n, 'RUNNING', 1, 2, 1000 + n, 3, 0, 0, 'f', '{}', '{}' FROM generate_series(0, 63) n`);
    const [one, two] = [await replica('one'), await replica('two')];
    expect((await one.renew()).earliestWakeAtMs).toBe(1_000);
    await two.renew();
    await one.renew();
    const [first, second] = [await one.renew(), await two.renew()];
    expect([first.earliestWakeAtMs, second.earliestWakeAtMs]).toEqual([1_000 + (first.owned[0] ?? 0), 1_000 + (second.owned[0] ?? 0)]);
  });

  it('given runs, when the number of partitions is changed, then the start is refused; without runs it is not', async () => {
    await replica('a');
    const other = new PartitionLeases(database, { replicaId: 'b', partitionCount: 16, leaseMs: LONG_MS });
    await other.prepare();
    expect((await other.renew()).owned).toHaveLength(16);
    await testDatabase.dataSource.query(`INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, next_event_id,
      history_size_bytes, open_activities, open_incidents, request_fingerprint, search_attributes, memo) VALUES (gen_random_uuid(), 'w', 't', 1, 'RUNNING', 1, 2, 3, 0, 0, 'f', '{}', '{}')`);
    await expect(replica('c')).rejects.toBeInstanceOf(PartitionCountMismatchError);
  });
});
