import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { partitionOf } from '@backstitch/protocol';
import { Database, PostgresHistoryStore } from '../src/index.js';
import { eventually, makeQueueConnection, startReplica, type Answer, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let database: TestDatabase;
let replica: Replica;

beforeAll(async () => {
  database = await makeTestDatabase('control_api');
  const [workflows, queueConnection] = [await bundleTestWorkflows(), await makeQueueConnection('postgres', database, ['shop'])];
  replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows, awaitClosedWaitersMax: 20 });
});
afterAll(async () => {
  await replica.stop();
  await database.drop();
});

const startWaiting = async (count: number, attributes: (index: number) => Record<string, (string | number)[]> = () => ({})): Promise<string[]> =>
  (await replica.start(...Array.from({ length: count }, (_, index) => ({ workflowType: 'waiting', searchAttributes: attributes(index) })))).map(({ workflowId }) => workflowId);
const say = (workflowId: string, word: string) => replica.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'say', args: [word] });

describe('the control API', () => {
  it('given a start, when it is sent again, with another body, and not valid, then it is existing, conflict and rejected', async () => {
    const workflowId = `w-${randomUUID()}`;
    const [first, again, other, unknown] = await replica.start(
      { workflowId, workflowType: 'waiting', args: [1] },
      { workflowId, workflowType: 'waiting', args: [1] },
      { workflowId, workflowType: 'waiting', args: [2] },
      { workflowType: 'nonsense' },
    );
    expect(first).toMatchObject({ status: 'started', workflowId });
    expect(again).toMatchObject({ status: 'existing', executionStatus: 'RUNNING' });
    expect(other).toMatchObject({ status: 'conflict' });
    expect(unknown).toMatchObject({ status: 'rejected', error: { code: 'WORKFLOW_TYPE_UNKNOWN' } });
  });

  it('given a workflow that waits, when it is queried, signalled and described, then it answers, goes on and shows it', async () => {
    const [workflowId] = await startWaiting(1);
    const query = (queryName: string) => replica.call('POST', `/workflows/${workflowId}/query`, { queryName, args: [] });
    expect((await query('heard')).body).toEqual({ result: null });
    expect((await query('broken')).body.error).toMatchObject({ code: 'QUERY_FAILED', details: { reason: expect.stringContaining('no answer') } });
    expect((await query('unknown')).body.error.code).toBe('QUERY_NOT_REGISTERED');
    expect((await say(workflowId!, 'hello')).status).toBe(204);
    expect(await replica.closed(workflowId!)).toMatchObject({ status: 'COMPLETED', result: 'hello', searchAttributes: { Word: ['hello'] } });
    expect((await say(workflowId!, 'too late')).body.error.code).toBe('WORKFLOW_ALREADY_CLOSED');
    expect((await replica.call('GET', `/workflows/${workflowId}`)).body).toMatchObject({ status: 'COMPLETED', workflowType: 'waiting', result: 'hello' });
    expect((await replica.call('GET', '/workflows/nobody')).body.error.code).toBe('WORKFLOW_NOT_FOUND');
  });

  it('given a workflow that runs, when it is cancelled or terminated, then it ends so', async () => {
    const [cancelled, terminated] = await startWaiting(2);
    expect((await replica.call('POST', `/workflows/${cancelled}/cancel`, { reason: 'enough' })).status).toBe(204);
    expect((await replica.call('POST', `/workflows/${terminated}/terminate`, { reason: 'at once' })).status).toBe(204);
    expect(await replica.closed(cancelled!)).toMatchObject({ status: 'CANCELED' });
    expect(await replica.closed(terminated!)).toMatchObject({ status: 'TERMINATED' });
  });

  it('given many workflows, when they are listed by an attribute in pages, then each comes once, newest first', async () => {
    const word = `list-${randomUUID()}`;
    const ids = await startWaiting(25, (index) => ({ Word: [word], Amount: [index % 2] }));
    const listed: { workflowId: string; startedAtMs: number }[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await replica.call('POST', '/workflows/list', { searchAttributes: { Word: word }, status: 'RUNNING', workflowType: 'waiting', pageSize: 10, cursor });
      listed.push(...body.workflows);
      cursor = body.nextCursor;
    } while (cursor !== undefined);
    expect(listed.map(({ workflowId }) => workflowId).sort()).toEqual([...ids].sort());
    expect(listed.map(({ startedAtMs }) => startedAtMs)).toEqual(listed.map(({ startedAtMs }) => startedAtMs).sort((a, b) => b - a));
    const even = await replica.call('POST', '/workflows/list', { searchAttributes: { Word: word, Amount: 0 } });
    expect(even.body.workflows).toHaveLength(13);
    const codes = await Promise.all(
      [{ searchAttributes: { Nobody: 1 } }, { searchAttributes: { Amount: 'x' } }, { cursor: 'nonsense' }].map(async (request) => (await replica.call('POST', '/workflows/list', request)).body.error.code),
    );
    expect(codes).toEqual(['SEARCH_ATTRIBUTE_UNKNOWN', 'SEARCH_ATTRIBUTE_INVALID', 'INVALID_REQUEST']);
  });

  it('given a declared attribute, when runs are searched by it, then its index is used', async () => {
    const indexes: { indexname: string }[] = await database.dataSource.query(`SELECT indexname FROM pg_indexes WHERE indexname LIKE 'execution_attribute_%'`);
    expect(indexes.map(({ indexname }) => indexname.split('_')[2]).sort()).toEqual(['amount', 'word']);
    const runner = database.dataSource.createQueryRunner();
    try {
      await runner.query('SET enable_seqscan = off');
      const plan: object[] = await runner.query(
        `EXPLAIN SELECT 1 FROM orchestrator.execution e WHERE (e.search_attributes -> 'Word' -> 0) = '"x"'::jsonb AND octet_length(e.search_attributes -> 'Word' ->> 0) <= 1000
         ORDER BY e.started_at_ms DESC, e.run_id DESC LIMIT 10`,
      );
      expect(JSON.stringify(plan)).toContain('execution_attribute_word');
      expect(JSON.stringify(plan)).not.toContain('Sort');
    } finally {
      await runner.query('RESET enable_seqscan');
      await runner.release();
    }
  });

  it('given a history, when it is read in pages, then all events come in order', async () => {
    const [workflowId] = await startWaiting(1);
    await say(workflowId!, 'hello');
    await replica.closed(workflowId!);
    const eventIds: number[] = [];
    let after: number | undefined = 0;
    while (after !== undefined) {
      const { body }: Answer = await replica.call('GET', `/workflows/${workflowId}/history?afterEventId=${after}&limit=2`);
      eventIds.push(...body.events.map(({ eventId }: { eventId: number }) => eventId));
      after = body.nextAfterEventId;
    }
    expect(eventIds.length).toBeGreaterThan(5);
    expect(eventIds).toEqual(eventIds.map((_, index) => index + 1));
    expect((await replica.call('GET', '/workflows/nobody/history')).body.error.code).toBe('WORKFLOW_NOT_FOUND');
    expect((await replica.call('GET', `/workflows/${workflowId}/history?limit=0`)).body.error.details.where).toBe('/limit');
  });

  it('given runs that wait, when one closes, then await-closed answers it at once, and names what is unknown', async () => {
    const ids = await startWaiting(3);
    const answer = replica.call('POST', '/workflows/await-closed', { workflowIds: [...ids, 'nobody'] });
    await say(ids[1]!, 'hello');
    const { body } = await answer;
    expect(body.closed.map(({ workflowId }: { workflowId: string }) => workflowId)).toEqual([ids[1]]);
    expect(body.unknown).toEqual(['nobody']);
    const none = await replica.call('POST', '/workflows/await-closed', { workflowIds: [ids[0]], timeoutMs: 20 });
    expect(none.body).toEqual({ closed: [], unknown: [] });
  });

  it('given a run that another writer closed, when the time is out, then await-closed still tells the truth', async () => {
    const workflowId = `w-${randomUUID()}`;
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const record = {
      workflowId, runId: randomUUID(), workflowType: 'elsewhere', partition: partitionOf(workflowId), status: 'RUNNING' as const, startedAtMs: 1, nextEventId: 1,
      historySizeBytes: 1, openActivities: 0, openIncidents: 0, requestFingerprint: 'f', searchAttributes: {}, memo: {},
    };
    const append = { record, isNew: true, expectedNextEventId: 1, events: [], upsertAttempts: [], deleteAttempts: [], upsertIncidents: [] };
    await store.commit([append]);
    const answer = replica.call('POST', '/workflows/await-closed', { workflowIds: [workflowId], timeoutMs: 300 });
    await store.commit([{ ...append, isNew: false, record: { ...record, status: 'COMPLETED' as const, closedAtMs: 2, result: 1 } }]);
    expect((await answer).body.closed).toEqual([expect.objectContaining({ workflowId, status: 'COMPLETED', result: 1 })]);
  });

  it('given as many waiters as are allowed, when more come, then they are told to come again', async () => {
    const ids = await startWaiting(15);
    const waiting = replica.call('POST', '/workflows/await-closed', { workflowIds: ids });
    await eventually('a further call is refused', async () => {
      const { status, headers } = await replica.call('POST', '/workflows/await-closed', { workflowIds: ids.slice(0, 6), timeoutMs: 1 });
      return status === 503 && headers.get('retry-after') === '1';
    });
    await say(ids[0]!, 'hello');
    expect((await waiting).status).toBe(200);
  });

  it('given a database that is down, when a start is sent, then it is 503 with Retry-After, and no call that hangs', async () => {
    const broken = await makeTestDatabase('control_api_down');
    const other = await startReplica({
      dataSource: broken.dataSource,
      queueConnection: await makeQueueConnection('postgres', database, ['shop']),
      workflows: await bundleTestWorkflows(),
    });
    try {
      await broken.dataSource.query(`ALTER DATABASE ${broken.dataSource.driver.database} ALLOW_CONNECTIONS false`).catch(() => undefined);
      await broken.drop();
      const answer = await other.call('POST', '/workflows', { starts: [{ workflowId: 'w', workflowType: 'waiting', args: [] }] });
      expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([503, 'STORE_UNAVAILABLE', '1']);
    } finally {
      await other.stop();
    }
  });
});
