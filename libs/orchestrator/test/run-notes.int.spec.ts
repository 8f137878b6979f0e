import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonValue, PayloadCodec } from '@backstitch/protocol';
import type { QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import type { OrchestratorOptions } from '../src/index.js';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type AnyJson, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleSource } from './test-workflows.js';

/** The same workflow, but for the input of its step. */
const sourceOf = (word: string): string => `
import { condition, defineSignal, proxyActivities, setCurrentDetails, setHandler } from '@backstitch/workflow';
const { greet } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '10s' });
export async function greetingOnce() {
  let goes = false;
  setHandler(defineSignal('go'), () => { goes = true; });
  setCurrentDetails('greets');
  await greet('${word}');
  setCurrentDetails('has greeted');
  await condition(() => goes);
  setCurrentDetails('done');
  await condition(() => false);
}
`;

let database: TestDatabase;
let connection: QueueConnection;
const bundles: Record<string, WorkflowBundle> = {};
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  database = await makeTestDatabase('notes');
  connection = await makeQueueConnection('postgres', database, ['shop']);
  for (const word of ['hello', 'hi']) bundles[word] = await bundleSource(sourceOf(word));
  const service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: null }));
  cleanups.push(() => service.stop());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(1).reverse()) await cleanup();
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  await database.drop();
});

async function replicaOf(word: string, options: Partial<OrchestratorOptions> = {}): Promise<Replica> {
  const replica = await startReplica({ dataSource: await database.connect(), queueConnection: connection, workflows: bundles[word] as WorkflowBundle, leaseMs: 600, leaseRenewalMs: 100, buildId: word, ...options });
  cleanups.push(() => replica.stop());
  return replica;
}

const described = async (replica: Replica, workflowId = 'w'): Promise<AnyJson> => (await replica.call('GET', `/workflows/${workflowId}`)).body;

/** Gives other bytes each time. */
const codec: PayloadCodec = {
  encode: (values) => values.map((value) => Buffer.from(JSON.stringify([Math.random(), value])).toString('base64')),
  decode: (values) => values.map((value) => (JSON.parse(Buffer.from(String(value), 'base64').toString()) as [number, JsonValue])[1]),
};

describe('what replicas find out about runs', () => {
  it('given a run whose code sets its details, when another replica that never had it describes it, then they are told; so is drift, as long as the build has it', async () => {
    const first = await replicaOf('hello');
    await first.start({ workflowId: 'w', workflowType: 'greetingOnce' });
    await eventually('the details are there', async () => (await described(first)).currentDetails === 'has greeted');
    await first.stop();

    const second = await replicaOf('hi');
    await eventually('another replica tells them', async () => (await described(second)).currentDetails === 'has greeted');
    expect((await described(second)).drift).toBeUndefined();
    expect((await second.call('POST', '/workflows/w/signal', { signalName: 'go', args: [] })).status).toBe(204);
    await second.stop();

    const third = await replicaOf('hi');
    expect(await described(third)).toMatchObject({ status: 'RUNNING', currentDetails: 'done', drift: [{ recorded: { input: ['hello'] }, produced: { input: ['hi'] } }] });
    await third.stop();
    const mended = await replicaOf('hello');
    expect((await described(mended)).drift).toBeUndefined();
  });

  it('given a payload codec, when the code gives another input than recorded, then that is drift, of which no payload can be read; the same input is none', async () => {
    const first = await replicaOf('hello', { payloadCodec: codec });
    await first.start({ workflowId: 'secret', workflowType: 'greetingOnce' });
    await eventually('the step is done', async () => (await described(first, 'secret')).currentDetails === 'has greeted');
    await first.stop();

    const same = await replicaOf('hello', { payloadCodec: codec });
    expect((await same.call('POST', '/workflows/secret/signal', { signalName: 'go', args: [] })).status).toBe(204);
    expect((await described(same, 'secret')).drift).toBeUndefined();
    expect(await same.registry.getSingleMetricAsString('backstitch_drifts_total')).not.toContain('greetingOnce');
    await same.stop();

    const changed = await replicaOf('hi', { payloadCodec: codec });
    expect((await changed.call('POST', '/workflows/secret/signal', { signalName: 'go', args: [] })).status).toBe(204);
    const { drift, incidents } = await described(changed, 'secret');
    expect(incidents).toEqual([]);
    expect(drift).toMatchObject([{ recorded: { activityType: 'greet', input: [{ __backstitch_encoded: expect.any(String) }] }, produced: { activityType: 'greet', input: '(payload, encoded)' } }]);
    expect(JSON.stringify(drift)).not.toMatch(/"(hi|hello)"/);
  });
});
