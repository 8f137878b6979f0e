import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { consume, JobQueues, type QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type AnyJson, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let workflows: WorkflowBundle;
let database: TestDatabase;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  workflows = await bundleTestWorkflows();
  database = await makeTestDatabase('unserved');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await database.dataSource.query('TRUNCATE orchestrator.execution, orchestrator.history, orchestrator.attempt, orchestrator.incident').catch(() => undefined);
});
afterAll(() => database.drop());

async function replicaOn(queueConnection: QueueConnection, options: Partial<Parameters<typeof startReplica>[0]>): Promise<Replica> {
  const replica = await startReplica({ dataSource: await database.connect(), queueConnection, workflows, ...options });
  cleanups.push(() => replica.stop());
  return replica;
}

describe.each(queueBackendsUnderTest())('queues that nobody serves, on %s', (backend) => {
  it('given a step that nobody takes off its queue, when it has waited for long, then it is an incident, which ends by itself when a service comes', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const replica = await replicaOn(connection, { auditIntervalMs: 50, auditSilenceMs: 0, notServedAfterMs: 100 });
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'] });
    const described = async (): Promise<AnyJson> => (await replica.call('GET', `/workflows/${started!.workflowId}`)).body;
    await eventually('it is an incident', async () => (await described()).incidents.length === 1);
    expect(await described()).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'QUEUE_NOT_SERVED', message: expect.stringContaining('No worker has served queue "shop"') }] });
    const service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: 'served' }));
    cleanups.push(() => service.stop());
    expect(await replica.closed(started!.workflowId)).toMatchObject({ status: 'COMPLETED', result: 'served' });
    const { openIncidents, incidents } = await described();
    // More than one, where the machine stood still for longer than a queue may be unserved.
    expect(incidents.length).toBeGreaterThan(0);
    for (const incident of incidents) expect(incident).toMatchObject({ kind: 'QUEUE_NOT_SERVED', resolution: { action: 'auto' } });
    expect(openIncidents).toBe(0);
  });

  it('given a queue that is long, when its workers are at other steps, then what waits there is no incident', async () => {
    const connection = await makeQueueConnection(backend, database, ['shop']);
    let goOn = (): void => undefined;
    const released = new Promise<void>((resolve) => (goOn = resolve));
    const queues = new JobQueues(connection);
    cleanups.push(() => queues.close());
    const replica = await replicaOn(connection, { auditIntervalMs: 3_600_000, auditSilenceMs: 0, notServedAfterMs: 1 });
    const busy = consume(connection, 'shop', () => released, { concurrency: 1 });
    cleanups.push(() => busy.close(1_000));
    const [first, second] = await replica.start({ workflowType: 'greeting', args: ['x'] }, { workflowType: 'greeting', args: ['y'] });
    await eventually('one is worked on and the other waits', async () => (await queues.isBusy('shop')) && (await queues.queue('shop').getWaitingCount()) > 0);
    await replica.host.audit();
    await replica.host.audit();
    for (const started of [first, second]) expect((await replica.call('GET', `/workflows/${started!.workflowId}`)).body.incidents).toEqual([]);
    goOn();
    await busy.close(1_000);
    await eventually('nobody is at work any more', async () => !(await queues.isBusy('shop')));
    await replica.host.audit();
    await replica.host.audit();
    expect((await replica.call('GET', '/incidents')).body.incidents.map(({ kind }: AnyJson) => kind)).toContain('QUEUE_NOT_SERVED');
  });
});
