import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
// Both ends of the control wire in one place: nothing but specs may know the client here.
// eslint-disable-next-line @nx/enforce-module-boundaries
import {
  ApplicationFailure,
  CancelledFailure,
  Client,
  Connection,
  defaultPayloadConverter,
  ListFilterInvalidError,
  QueryNotRegisteredError,
  QueryRejectedError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ServiceError,
  TerminatedFailure,
  WithStartWorkflowOperation,
  WorkflowClient,
  WorkflowContinuedAsNewError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@backstitch/client';
import { eventually, makeQueueConnection, startReplica, TEST_TOKEN, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let database: TestDatabase;
let replica: Replica;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  database = await makeTestDatabase('temporal_client');
  const [workflows, queueConnection] = [await bundleTestWorkflows(), await makeQueueConnection('postgres', database, ['shop'])];
  replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows });
  connection = await Connection.connect({ url: replica.url, token: TEST_TOKEN });
  client = new Client({ connection, identity: 'spec' });
});
afterAll(async () => {
  await connection.close();
  await replica.stop();
  await database.drop();
});

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const fresh = (label: string): string => `${label}/ü ${randomUUID()}`;
const taskQueue = 'shop';

describe('Temporal’s client on an orchestrator with Postgres', () => {
  it('given a workflow, when it is started, signalled, queried and awaited, then each call does what it says', async () => {
    const workflowId = fresh('waiting');
    const handle = await client.workflow.start('waiting', { taskQueue, workflowId, args: [], memo: { note: 1 }, searchAttributes: { Word: ['first'] }, staticSummary: 'a word is awaited' });
    expect(await handle.query('heard')).toBeNull();
    expect(await failureOf(handle.query('nothing'))).toBeInstanceOf(QueryNotRegisteredError);
    const description = await handle.describe();
    expect(description).toMatchObject({ workflowId, runId: handle.firstExecutionRunId, type: 'waiting', status: { code: 1, name: 'RUNNING' }, memo: { note: 1 }, searchAttributes: { Word: ['first'] }, taskQueue });
    expect(await description.staticSummary()).toBe('a word is awaited');
    await handle.signal('say', 'hello');
    expect(await handle.result()).toBe('hello');
    expect((await handle.fetchHistory()).events.at(-1)?.eventType).toBe('WORKFLOW_EXECUTION_COMPLETED');
    expect(await failureOf(handle.signal('say', 'again'))).toBeInstanceOf(WorkflowNotFoundError);
    const picky = new WorkflowClient({ connection, queryRejectCondition: 'NOT_OPEN' });
    expect(await failureOf(picky.getHandle(workflowId).query('heard'))).toBeInstanceOf(QueryRejectedError);
  });

  it('given workflows that end otherwise, when their results are awaited, then the errors have Temporal’s names and causes', async () => {
    const [failing, cancelled, terminated] = await Promise.all(['f', 'c', 't'].map((label) => client.workflow.start('waiting', { taskQueue, workflowId: fresh(label) })));
    await failing?.signal('say', 'fail');
    await cancelled?.cancel();
    await terminated?.terminate('enough');
    const [one, two, three] = (await Promise.all([failing, cancelled, terminated].map((handle) => failureOf(handle?.result() ?? Promise.resolve())))) as WorkflowFailedError[];
    expect([one, two, three].every((error) => error instanceof WorkflowFailedError)).toBe(true);
    expect(one?.cause).toBeInstanceOf(ApplicationFailure);
    expect(one?.cause).toMatchObject({ message: 'told to fail', type: 'Told' });
    expect(two?.cause).toBeInstanceOf(CancelledFailure);
    expect(three?.cause).toBeInstanceOf(TerminatedFailure);
    expect(await failureOf(client.workflow.getHandle('nobody').result())).toBeInstanceOf(WorkflowNotFoundError);
  });

  it('given an id that is taken, when it is started again, then the policies decide', async () => {
    const workflowId = fresh('taken');
    const start = (options: object): Promise<{ firstExecutionRunId: string; result(): Promise<unknown> }> => client.workflow.start('waiting', { taskQueue, workflowId, ...options });
    const first = await start({});
    expect(await failureOf(start({}))).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
    expect((await start({ workflowIdConflictPolicy: 'USE_EXISTING' })).firstExecutionRunId).toBe(first.firstExecutionRunId);
    const second = await start({ workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
    expect(second.firstExecutionRunId).not.toBe(first.firstExecutionRunId);
    // Each handle waits for the run that it began.
    expect(((await failureOf(first.result())) as WorkflowFailedError).cause).toBeInstanceOf(TerminatedFailure);
    await client.workflow.getHandle(workflowId).signal('say', 'second');
    expect(await second.result()).toBe('second');
    expect(await failureOf(start({ workflowIdReusePolicy: 'REJECT_DUPLICATE' }))).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
    expect(await failureOf(start({ workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' }))).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
    const third = await start({});
    expect(await second.result()).toBe('second');
    const runs: string[] = [];
    for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}' ORDER BY StartTime ASC` })) runs.push(runId);
    expect(runs.sort()).toEqual([first, second, third].map((handle) => handle.firstExecutionRunId).sort());
    expect((await client.workflow.getHandle(workflowId, first.firstExecutionRunId).describe()).status.name).toBe('TERMINATED');
    expect(await failureOf(client.workflow.getHandle(workflowId, undefined, { firstExecutionRunId: first.firstExecutionRunId }).cancel())).toBeInstanceOf(WorkflowNotFoundError);
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('given a workflow that continues as new, when its result is awaited, then it is that of the last run, unless runs are not followed', async () => {
    const workflowId = fresh('counting');
    const handle = await client.workflow.start('counting', { taskQueue, workflowId, args: [3] });
    expect(await handle.result()).toBe('counted');
    const notFollowing = client.workflow.getHandle(workflowId, handle.firstExecutionRunId, { followRuns: false });
    const error = await failureOf(notFollowing.result());
    expect(error).toBeInstanceOf(WorkflowContinuedAsNewError);
    expect((await client.workflow.getHandle(workflowId, (error as WorkflowContinuedAsNewError).newExecutionRunId).describe()).status.name).toBe('CONTINUED_AS_NEW');
    expect((await client.workflow.count(`WorkflowId = '${workflowId}' GROUP BY ExecutionStatus`)).groups).toEqual([
      { count: 1, groupValues: ['Completed'] },
      { count: 3, groupValues: ['ContinuedAsNew'] },
    ]);
  });

  it('given updates, when they are sent, then they are answered, refused, joined by their id, or fail with their handler', async () => {
    const handle = await client.workflow.start('adding', { taskQueue, workflowId: fresh('adding'), args: [1] });
    expect(await handle.executeUpdate('add', { args: [2] })).toBe(3);
    const started = await handle.startUpdate('add', { args: [4], waitForStage: 'ACCEPTED', updateId: 'once' });
    expect(await started.result()).toBe(7);
    expect(await handle.executeUpdate('add', { args: [4], updateId: 'once' })).toBe(7);
    expect(await handle.getUpdateHandle('once').result()).toBe(7);
    const refused = await failureOf(handle.executeUpdate('add', { args: [-1] }));
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((refused as WorkflowUpdateFailedError).cause).toMatchObject({ message: 'less than nothing', type: 'Negative' });
    expect(((await failureOf(handle.executeUpdate('fail'))) as WorkflowUpdateFailedError).cause).toMatchObject({ message: 'told to fail' });
    await handle.signal('finish');
    expect(await handle.result()).toBe(7);
  });

  it('given signals and updates with a start, when they are sent twice, then the second meets the workflow of the first', async () => {
    const workflowId = fresh('together');
    const signalled = async (): Promise<string> => (await client.workflow.signalWithStart('adding', { taskQueue, workflowId, args: [10], signal: 'plus', signalArgs: [1] })).signaledRunId;
    const runId = await signalled();
    expect(await signalled()).toBe(runId);
    const operation = (): WithStartWorkflowOperation<(start: number) => Promise<number>> =>
      new WithStartWorkflowOperation('adding', { taskQueue, workflowId, args: [100], workflowIdConflictPolicy: 'USE_EXISTING' });
    expect(await client.workflow.executeUpdateWithStart('add', { args: [5], startWorkflowOperation: operation() })).toBe(17);
    const other = new WithStartWorkflowOperation('adding', { taskQueue, workflowId: fresh('new'), args: [100], workflowIdConflictPolicy: 'FAIL' });
    expect(await client.workflow.executeUpdateWithStart('add', { args: [5], startWorkflowOperation: other })).toBe(105);
    const handle = await other.workflowHandle();
    await handle.signal('finish');
    expect(await handle.result()).toBe(105);
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('given workflows with search attributes, when they are listed and counted by filters, then those that fit are found', async () => {
    const mark = randomUUID();
    const handles = await Promise.all([1, 2, 3].map((amount) => client.workflow.start('waiting', { taskQueue, workflowId: `listed-${amount}-${mark}`, searchAttributes: { Word: [mark], Amount: [amount] } })));
    const listed = async (query: string): Promise<number[]> => {
      const amounts: number[] = [];
      for await (const { searchAttributes } of client.workflow.list({ query: `Word = '${mark}' AND (${query})`, pageSize: 2 })) amounts.push(Number(searchAttributes['Amount']?.[0]));
      return amounts.sort();
    };
    expect(await listed(`WorkflowType = 'waiting' AND ExecutionStatus = 'Running'`)).toEqual([1, 2, 3]);
    expect(await listed('Amount > 1')).toEqual([2, 3]);
    expect(await listed('Amount BETWEEN 2 AND 3 AND NOT Amount = 3')).toEqual([2]);
    expect(await listed(`Amount IN (1, 3) OR WorkflowId = 'listed-2-${mark}'`)).toEqual([1, 2, 3]);
    expect(await listed(`WorkflowId STARTS_WITH 'listed-1'`)).toEqual([1]);
    expect(await listed('Amount != 2')).toEqual([1, 3]);
    expect(await listed('CloseTime IS NOT NULL')).toEqual([]);
    expect(await listed(`StartTime > '2020-01-01T00:00:00Z' AND HistoryLength >= 4 AND HistorySizeBytes > 10 AND OpenIncidents = 0`)).toEqual([1, 2, 3]);
    expect(await listed(`RunId = '${handles[0]?.firstExecutionRunId ?? ''}' OR RunId = 'no-run-id'`)).toEqual([1]);
    expect(await client.workflow.count(`Word = '${mark}'`)).toEqual({ count: 3, groups: [] });
    expect(await listed(`RootWorkflowId = 'listed-3-${mark}' AND ParentWorkflowId IS NULL`)).toEqual([3]);
    expect(await failureOf(client.workflow.count('Nobody = 1'))).toBeInstanceOf(ListFilterInvalidError);
    expect(await failureOf(client.workflow.count('Amount ='))).toMatchObject({ position: 8 });
    await Promise.all(handles.map((handle) => handle.terminate()));
  });

  it('given an interceptor, when calls are made, then it sees and changes them, headers among them', async () => {
    const seen: string[] = [];
    const intercepted = new Client({
      connection,
      interceptors: {
        workflow: [
          {
            start: (input, next) => (seen.push(`start ${input.workflowType}`), next({ ...input, headers: { trace: defaultPayloadConverter.toPayload('abc') } })),
            signal: (input, next) => (seen.push(`signal ${input.signalName}`), next({ ...input, args: ['changed'] })),
          },
        ],
      },
    });
    const handle = await intercepted.workflow.start('waiting', { taskQueue, workflowId: fresh('intercepted') });
    await handle.signal('say', 'original');
    expect(await handle.result()).toBe('changed');
    expect(seen).toEqual(['start waiting', 'signal say']);
    expect((await handle.fetchHistory()).events[0]?.attributes).toMatchObject({ header: { trace: 'abc' } });
  });

  it('given a codec, when values are sent and answered, then the history holds only what it made of them', async () => {
    const reversed = (text: string): string => [...text].reverse().join('');
    const payloadCodec = {
      encode: (values: unknown[]) => values.map((value) => reversed(JSON.stringify(value))),
      decode: (values: unknown[]) => values.map((value) => JSON.parse(reversed(String(value))) as never),
    };
    const secret = new Client({ connection, payloadCodec });
    const handle = await secret.workflow.start('waiting', { taskQueue, workflowId: fresh('secret'), memo: { note: 'private' } });
    expect((await handle.describe()).memo).toEqual({ note: 'private' });
    const plain = await client.workflow.getHandle(handle.workflowId).fetchHistory();
    expect(JSON.stringify(plain.events[0])).not.toContain('private');
    await handle.terminate();
  });

  it('given schedules, when they are made, triggered, described, changed, listed and deleted, then each call does what it says', async () => {
    const scheduleId = fresh('schedule');
    // Its hour does not strike meanwhile.
    const minute = new Date().getUTCMinutes() < 30 ? 45 : 15;
    const schedule = await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1h', offset: `${minute}m` }], calendars: [{ dayOfWeek: 'MONDAY', hour: 8, month: { start: 'MARCH', end: 'MAY' } }] },
      action: { type: 'startWorkflow', workflowType: 'counting', args: [0], taskQueue, workflowId: 'scheduled' },
      policies: { overlap: 'ALLOW_ALL' },
      memo: { why: 'spec' },
    });
    expect(await failureOf(client.schedule.create({ scheduleId, spec: {}, action: { type: 'startWorkflow', workflowType: 'counting', taskQueue } }))).toBeInstanceOf(ScheduleAlreadyRunning);
    await schedule.trigger();
    const { info, spec, action, memo } = await schedule.describe();
    expect({ spec, action, memo }).toMatchObject({
      spec: { intervals: [{ every: 3_600_000, offset: minute * 60_000 }], calendars: [{ month: [{ start: 'MARCH', end: 'MAY' }], dayOfWeek: [{ start: 'MONDAY' }] }] },
      action: { workflowType: 'counting', args: [0], taskQueue },
      memo: { why: 'spec' },
    });
    expect(info).toMatchObject({ numActionsTaken: 1 });
    expect(info.nextActionTimes[0]?.getUTCMinutes()).toBe(minute);
    const [taken] = info.recentActions;
    expect(taken?.action.workflow.workflowId).toMatch(/^scheduled-\d{4}-/);
    expect(await client.workflow.getHandle(taken?.action.workflow.workflowId ?? '').result()).toBe('counted');
    await schedule.backfill({ start: new Date('2026-01-01T00:00:00Z'), end: new Date('2026-01-01T02:50:00Z'), overlap: 'ALLOW_ALL' });
    expect((await schedule.describe()).info.recentActions.map(({ scheduledAt }) => scheduledAt.toISOString()).slice(1)).toEqual([0, 1, 2].map((hour) => `2026-01-01T0${hour}:${minute}:00.000Z`));
    await schedule.update((previous) => ({ ...previous, spec: { intervals: [{ every: '1s' }] }, state: { ...previous.state, remainingActions: 2 } }));
    await eventually('two more actions were taken', async () => (await schedule.describe()).info.numActionsTaken === 6);
    expect((await schedule.describe()).info.nextActionTimes).toEqual([]);
    await schedule.pause('resting');
    expect((await schedule.describe()).state).toMatchObject({ paused: true, note: 'resting', remainingActions: 0 });
    const ids: string[] = [];
    for await (const summary of client.schedule.list({ pageSize: 1 })) ids.push(summary.scheduleId);
    expect(ids).toContain(scheduleId);
    await schedule.delete();
    expect(await failureOf(schedule.describe())).toBeInstanceOf(ScheduleNotFoundError);
  });

  it('given workflows that want one lock, when they end in whatever way, then it goes on in the order of asking, and is shown', async () => {
    const name = fresh('account');
    const start = (label: string): ReturnType<typeof client.workflow.start> => client.workflow.start('locking', { taskQueue, workflowId: fresh(label), args: [name] });
    const locksOf = async (handle: { describe(): Promise<{ raw: object }> }): Promise<string | undefined> => ((await handle.describe()).raw as { locks?: { status: string }[] }).locks?.[0]?.status;
    const first = await start('first');
    await eventually('the first has the lock', async () => (await locksOf(first)) === 'HELD');
    const second = await start('second');
    await eventually('the second waits', async () => (await locksOf(second)) === 'WAITING');
    const third = await start('third');
    await eventually('the third waits', async () => (await locksOf(third)) === 'WAITING');
    await third.signal('finish');
    await first.signal('finish');
    expect(await first.result()).toBe(`locked ${name}`);
    await eventually('the second has the lock', async () => (await locksOf(second)) === 'HELD');
    await second.terminate('by force');
    expect(await third.result()).toBe(`locked ${name}`);
  });

  it('given a codec on both sides, when a workflow runs, then its code sees what was sent, and its history holds only what the codec made', async () => {
    const payloadCodec = {
      encode: (values: unknown[]) => values.map((value) => Buffer.from(JSON.stringify(value)).toString('base64')),
      decode: (values: unknown[]) => values.map((value) => JSON.parse(Buffer.from(String(value), 'base64').toString()) as never),
    };
    const other = await makeTestDatabase('codec');
    const [workflows, queueConnection] = [await bundleTestWorkflows(), await makeQueueConnection('postgres', other, ['shop'])];
    const coded = await startReplica({ dataSource: other.dataSource, queueConnection, workflows, payloadCodec });
    const codedConnection = Connection.lazy({ url: coded.url, token: TEST_TOKEN });
    const secret = new Client({ connection: codedConnection, payloadCodec });
    try {
      const handle = await secret.workflow.start('adding', { taskQueue, workflowId: 'w', args: [1234567] });
      expect(await handle.executeUpdate('add', { args: [1] })).toBe(1234568);
      expect(await handle.query('sum')).toBe(1234568);
      expect(((await failureOf(handle.executeUpdate('fail'))) as WorkflowUpdateFailedError).cause).toMatchObject({ message: 'told to fail' });
      await handle.signal('plus', 2);
      await coded.host.engine.evict([handle.firstExecutionRunId]);
      await handle.signal('finish');
      expect(await handle.result()).toBe(1234570);
      expect(JSON.stringify((await handle.fetchHistory()).events)).not.toMatch(/123456\d/);
      expect((await handle.describe()).raw.incidents).toEqual([]);
      const locking = await secret.workflow.start('locking', { taskQueue, workflowId: 'l', args: ['private-account'] });
      await locking.signal('finish');
      expect(await locking.result()).toBe('locked private-account');
      expect(JSON.stringify((await locking.fetchHistory()).events)).not.toContain('private-account');
    } finally {
      await codedConnection.close();
      await coded.stop();
      await other.drop();
    }
  });

  it('given no orchestrator at the address, when a call is made, then it is a ServiceError', async () => {
    const lost = Connection.lazy({ address: '127.0.0.1:9', token: TEST_TOKEN, connectRetriesMax: 0 });
    expect(await failureOf(new Client({ connection: lost }).workflow.start('waiting', { taskQueue, workflowId: 'w' }))).toBeInstanceOf(ServiceError);
    await lost.close();
  });
});
