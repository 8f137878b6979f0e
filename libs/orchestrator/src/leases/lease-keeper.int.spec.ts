import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../test/orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Database } from '../store/database.js';
import { LeaseKeeper } from './lease-keeper.js';
import { PartitionLeases, type OtherReplica } from './partition-leases.js';

/** Longer than a spec waits: what comes to pass did not wait for the next regular renewal. */
const NEVER_MS = 3_600_000;
let testDatabase: TestDatabase;
let database: Database;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  testDatabase = await makeTestDatabase('keeper');
  database = new Database(testDatabase.dataSource);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await testDatabase.dataSource.query('TRUNCATE orchestrator.partition_lease, orchestrator.replica, orchestrator.execution');
});
afterAll(() => testDatabase.drop());

async function leasesOf(replicaId: string, leaseMs: number): Promise<PartitionLeases> {
  const leases = new PartitionLeases(database, { replicaId, partitionCount: 64, leaseMs });
  await leases.prepare();
  return leases;
}

async function keeperOf(replicaId: string, leaseMs = NEVER_MS) {
  const told = { scans: [] as [string, number | undefined][], forgotten: [] as number[][], others: [] as readonly OtherReplica[], armed: [] as number[] };
  const leases = await leasesOf(replicaId, leaseMs);
  const keeper = new LeaseKeeper({
    leases,
    directory: { update: (others) => (told.others = others) },
    recovery: { scan: (reason, partitions) => told.scans.push([reason, partitions?.length]) },
    wakeTimer: { arm: (wakeAtMs) => told.armed.push(wakeAtMs) },
    logger: SILENT_LOGGER,
    renewalMs: NEVER_MS,
    forget: (partitions) => told.forgotten.push([...partitions]),
  });
  cleanups.push(() => keeper.stop());
  return { keeper, leases, told };
}

describe('the lease keeper', () => {
  it('given a replica that was killed, when its leases run out, then another takes them over at that moment, and recovers', async () => {
    const killed = await leasesOf('killed', 2_000);
    await killed.renew();
    const { keeper, leases, told } = await keeperOf('survivor');
    await keeper.start();
    expect([leases.owned, told.others.map(({ replicaId }) => replicaId)]).toEqual([[], ['killed']]);
    await eventually('the survivor holds all', () => leases.owned.length === 64);
    expect(told.scans).toEqual([['takeover', 64], ['replicaLost', undefined]]);
  });

  it('given a replica that was killed and started again, when it listens at its old address, then it need not wait for its own dead leases', async () => {
    const killed = await leasesOf('killed', NEVER_MS);
    await killed.replaceAt('http://127.0.0.1:1');
    await killed.renew();
    const { keeper, leases } = await keeperOf('restarted');
    await keeper.start();
    expect(leases.owned).toEqual([]);
    await keeper.advertise('http://127.0.0.1:1');
    await eventually('it holds all', () => leases.owned.length === 64);
  });

  it('given a replica that stood still beyond its leases, when it renews, then it forgets what it had in memory of the runs of others', async () => {
    const { keeper, leases, told } = await keeperOf('still', 50);
    await keeper.start();
    await eventually('its leases have run out', () => leases.isLapsed);
    const other = await leasesOf('other', NEVER_MS);
    await eventually('the other holds all', async () => (await other.renew()).owned.length === 64);
    await keeper.advertise('http://127.0.0.1:2');
    await eventually('it knows', () => told.others.length === 1);
    expect(told.forgotten.at(-1)).toHaveLength(64);
  });
});
