import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BuildSummary } from '@backstitch/protocol';
import type { QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleSource } from './test-workflows.js';

/** One deployment of it and the next: every step has another name, so that code of the other build would diverge. */
const sourceOf = (version: string): string => `
import { condition, defineQuery, defineSignal, proxyActivities, setHandler, setWorkflowOptions, sleep } from '@backstitch/workflow';
const { first${version}, second${version} } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '10s' });
async function steps() {
  let goes = false;
  setHandler(defineSignal('go'), () => { goes = true; });
  setHandler(defineQuery('version'), () => '${version}');
  await first${version}();
  await condition(() => goes);
  await sleep(20);
  await second${version}();
  return '${version}';
}
export async function staying() { return steps(); }
export async function moving() {
  let goes = false;
  setHandler(defineSignal('go'), () => { goes = true; });
  setHandler(defineQuery('version'), () => '${version}');
  await condition(() => goes);
  return '${version}';
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, staying);
`;

const bundles: Record<string, WorkflowBundle> = {};
let database: TestDatabase;
let connection: QueueConnection;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  for (const version of ['One', 'Two']) bundles[version] = await bundleSource(sourceOf(version));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await database.drop();
});

async function bringUp(): Promise<void> {
  database = await makeTestDatabase('builds');
  connection = await makeQueueConnection('postgres', database, ['shop']);
  const service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: null }));
  cleanups.push(() => service.stop());
}

async function replicaOf(version: string, more: { buildId?: string; auditIntervalMs?: number; notServedAfterMs?: number } = {}): Promise<Replica> {
  const replica = await startReplica({ dataSource: await database.connect(), queueConnection: connection, workflows: bundles[version] as WorkflowBundle, leaseMs: 600, leaseRenewalMs: 100, awaitClosedRecheckMs: 50, ...more });
  cleanups.push(() => replica.stop());
  return replica;
}

const buildsAt = async (replica: Replica): Promise<BuildSummary[]> => (await replica.call('GET', '/deployments')).body.builds as BuildSummary[];
const owned = async (replica: Replica): Promise<number> => (await replica.call('GET', '/info')).body.partitions.owned as number;
const activitiesOf = async (replica: Replica, workflowId: string): Promise<string[]> =>
  ((await replica.call('GET', `/workflows/${workflowId}`)).body.activities as { activityType: string; status: string }[]).filter(({ status }) => status === 'COMPLETED').map(({ activityType }) => activityType);

async function version(replica: Replica, workflowId: string): Promise<unknown> {
  const { body } = await replica.call('POST', `/workflows/${workflowId}/query`, { queryName: 'version', args: [] });
  return body.result;
}

const go = async (replica: Replica, workflowId: string): Promise<void> => {
  expect((await replica.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'go', args: [] })).status).toBe(204);
};

describe('two builds side by side', () => {
  it('given pinned and unpinned runs of one build, when the next one comes, then the first stay with their build and the others move, and the list tells when the old one can be stopped', async () => {
    await bringUp();
    const one = await replicaOf('One');
    await one.start(...[0, 1, 2].map((index) => ({ workflowId: `stay-${index}`, workflowType: 'staying' })), ...[0, 1, 2].map((index) => ({ workflowId: `move-${index}`, workflowType: 'moving' })));
    await eventually('the first steps are done', async () => (await activitiesOf(one, 'stay-2')).length === 1);

    const two = await replicaOf('Two');
    await eventually('the new build holds all partitions', async () => (await owned(two)) === 64 && (await owned(one)) === 0);
    expect((await two.call('GET', '/workflows/stay-0')).body).toMatchObject({ pinnedBuildId: expect.any(String), incidents: [] });
    const [newest, oldest] = await buildsAt(one);
    const listed = async (query: string): Promise<string[]> => {
      const { body } = await two.call('POST', '/workflows/list', { query });
      return (body.workflows as { workflowId: string }[]).map(({ workflowId }) => workflowId).sort();
    };
    const pinned = ['stay-0', 'stay-1', 'stay-2'];
    expect(await listed(`BuildIds = '${oldest?.buildId}' AND ExecutionStatus = 'Running'`)).toEqual(pinned);
    expect(await listed("TemporalWorkflowVersioningBehavior = 'Pinned'")).toEqual(pinned);
    expect(await listed("TemporalWorkflowVersioningBehavior = 'AutoUpgrade' AND BuildIds IS NULL")).toEqual(['move-0', 'move-1', 'move-2']);
    expect([newest, oldest]).toMatchObject([{ isCurrent: true, isSet: false, replicas: 1, openPinnedRuns: 0 }, { isCurrent: false, replicas: 1, openPinnedRuns: 3 }]);

    // Whoever is asked, its own build's code answers, as soon as each knows where the other is reached; until then a caller is told to try again.
    await eventually('both know each other', async () => (await version(one, 'move-0')) === 'Two' && (await version(two, 'stay-0')) === 'One');
    expect([await version(two, 'stay-0'), await version(one, 'stay-1'), await version(one, 'move-0'), await version(two, 'move-1')]).toEqual(['One', 'One', 'Two', 'Two']);
    for (const [index, replica] of [one, two, two].entries()) {
      await go(replica, `stay-${index}`);
      await go(replica, `move-${index}`);
    }
    for (const index of [0, 1, 2]) {
      expect(await two.closed(`stay-${index}`)).toMatchObject({ status: 'COMPLETED', result: 'One' });
      expect(await one.closed(`move-${index}`)).toMatchObject({ status: 'COMPLETED', result: 'Two' });
      expect(await activitiesOf(one, `stay-${index}`)).toEqual(['firstOne', 'secondOne']);
    }
    // New runs begin with the new build, wherever they are started.
    await one.start({ workflowId: 'late', workflowType: 'staying' });
    await go(one, 'late');
    expect(await one.closed('late')).toMatchObject({ status: 'COMPLETED', result: 'Two' });
    expect((await buildsAt(two)).find(({ buildId }) => buildId === oldest?.buildId)).toMatchObject({ openPinnedRuns: 0, replicas: 1 });
  });

  it('given a pinned run whose build nobody runs, when things happen to it, then they are recorded, it is counted as waiting and becomes an incident, and it goes on when the build is back', async () => {
    await bringUp();
    const one = await replicaOf('One', { buildId: 'one' });
    await one.start({ workflowId: 'stay', workflowType: 'staying' });
    await eventually('the first step is done', async () => (await activitiesOf(one, 'stay')).length === 1);
    await one.stop();
    const two = await replicaOf('Two', { buildId: 'two', auditIntervalMs: 50, notServedAfterMs: 300 });
    await eventually('the new build holds all partitions', async () => (await owned(two)) === 64);
    expect((await two.call('GET', '/workflows/stay')).body).toMatchObject({ status: 'RUNNING', pinnedBuildId: 'one', incidents: [] });
    await go(two, 'stay');
    expect((await two.call('POST', '/workflows/stay/query', { queryName: 'version', args: [] })).status).toBe(503);
    await eventually('it is an incident', async () => (await two.call('GET', '/workflows/stay')).body.incidents.length === 1);
    expect((await two.call('GET', '/workflows/stay')).body).toMatchObject({ status: 'RUNNING', openIncidents: 1, incidents: [{ kind: 'BUILD_NOT_SERVED' }] });
    expect(await two.registry.getSingleMetricAsString('backstitch_waiting_pinned_runs')).toContain('{build_id="one"} 1');
    const back = await replicaOf('One', { buildId: 'one' });
    expect(await back.closed('stay')).toMatchObject({ status: 'COMPLETED', result: 'One' });
    const { openIncidents, incidents } = (await two.call('GET', '/workflows/stay')).body;
    // More than one, where the machine stood still for longer than a build may be away.
    expect(incidents.length).toBeGreaterThan(0);
    for (const incident of incidents) expect(incident).toMatchObject({ kind: 'BUILD_NOT_SERVED', resolution: { action: 'auto' } });
    expect(openIncidents).toBe(0);
    expect(await two.registry.getSingleMetricAsString('backstitch_waiting_pinned_runs')).not.toContain('"one"');
  });

  it('given a new build, when a person sets the old one as current, then new runs begin there again, and unset the newest does', async () => {
    await bringUp();
    const one = await replicaOf('One', { buildId: 'one' });
    const two = await replicaOf('Two', { buildId: 'two' });
    await eventually('the new build holds all partitions', async () => (await owned(two)) === 64);
    expect((await two.call('POST', '/deployments/current', { buildId: 'one' })).status).toBe(204);
    await eventually('the old build holds all partitions', async () => (await owned(one)) === 64);
    await two.start({ workflowId: 'back', workflowType: 'staying' });
    expect((await one.call('GET', '/workflows/back')).body).toMatchObject({ pinnedBuildId: 'one' });
    expect(await buildsAt(two)).toMatchObject([{ buildId: 'two', isCurrent: false }, { buildId: 'one', isCurrent: true, isSet: true, openPinnedRuns: 1 }]);
    expect((await two.call('POST', '/deployments/current', { buildId: 'three' })).status).toBe(400);
    expect((await two.call('POST', '/deployments/current', {})).status).toBe(204);
    expect(await buildsAt(one)).toMatchObject([{ buildId: 'two', isCurrent: true, isSet: false }, { buildId: 'one', isCurrent: false, isSet: false }]);
  });

  it('given a replica of the current build beside two of an old one, when they serve, then its pinned runs are shared out among those two', async () => {
    await bringUp();
    const [first, second] = [await replicaOf('One', { buildId: 'one' }), await replicaOf('One', { buildId: 'one' })];
    await first.start(...Array.from({ length: 10 }, (_, index) => ({ workflowId: `stay-${index}`, workflowType: 'staying' })));
    await eventually('the first steps are done', async () => (await activitiesOf(first, 'stay-9')).length === 1);
    const two = await replicaOf('Two', { buildId: 'two' });
    await eventually('the new build holds all partitions', async () => (await owned(two)) === 64 && (await owned(first)) === 0 && (await owned(second)) === 0);
    for (let index = 0; index < 10; index += 1) await go(two, `stay-${index}`);
    for (let index = 0; index < 10; index += 1) expect(await two.closed(`stay-${index}`)).toMatchObject({ status: 'COMPLETED', result: 'One' });
  });

  it('given a build that was set as the current one, when nobody runs it any more, then runs that are due and not pinned become incidents, which end when another one is current', async () => {
    await bringUp();
    const one = await replicaOf('One', { buildId: 'one' });
    const two = await replicaOf('Two', { buildId: 'two', auditIntervalMs: 50, notServedAfterMs: 300 });
    await eventually('the new build holds all partitions', async () => (await owned(two)) === 64);
    expect((await two.call('POST', '/deployments/current', { buildId: 'one' })).status).toBe(204);
    await eventually('the old build holds all partitions', async () => (await owned(one)) === 64);
    await one.start({ workflowId: 'move', workflowType: 'moving' });
    await one.stop();
    await eventually('a signal is recorded', async () => (await two.call('POST', '/workflows/move/signal', { signalName: 'go', args: [] })).status === 204);
    await eventually('it is an incident', async () => (await two.call('GET', '/workflows/move')).body.incidents.length === 1);
    expect((await two.call('GET', '/workflows/move')).body).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'BUILD_NOT_SERVED', message: expect.stringContaining('set as the current one') }] });
    expect((await two.call('POST', '/deployments/current', {})).status).toBe(204);
    expect(await two.closed('move')).toMatchObject({ status: 'COMPLETED', result: 'Two' });
    expect((await two.call('GET', '/workflows/move')).body).toMatchObject({ openIncidents: 0 });
  });
});
