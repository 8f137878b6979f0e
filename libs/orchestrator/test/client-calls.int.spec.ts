import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
// Both ends of the control wire in one place: nothing but specs may know the client here.
// eslint-disable-next-line @nx/enforce-module-boundaries
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ApplicationFailure,
  CancelledFailure,
  Client,
  ClientModule,
  Connection,
  ControlClient,
  defaultPayloadConverter,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  PayloadTooLargeError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type ControlCall,
  type ControlCaller,
} from '@backstitch/client';
import { WorkflowAlreadyClosedError } from '@backstitch/protocol';
import { makeTaskToken } from '@backstitch/protocol/task-token';
import { Test } from '@nestjs/testing';
import { makeQueueConnection, startReplica, TEST_TOKEN, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let database: TestDatabase;
let replica: Replica;
let connection: Connection;
let client: Client;
/** Calls that went over the wire. */
const sent: ControlCall[] = [];

beforeAll(async () => {
  database = await makeTestDatabase('client_calls');
  const [workflows, queueConnection] = [await bundleTestWorkflows(), await makeQueueConnection('postgres', database, ['shop'])];
  replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows, taskTokenSecret: TASK_TOKEN_SECRET });
  connection = await Connection.connect({ url: replica.url, token: TEST_TOKEN });
  const counting: ControlCaller = { call: (call) => (sent.push(call), connection.call(call)), close: () => connection.close() };
  client = new Client({ connection: counting, identity: 'spec' });
});
afterAll(async () => {
  await connection.close();
  await replica.stop();
  await database.drop();
});

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const fresh = (label: string): string => `${label} ${randomUUID()}`;
const taskQueue = 'shop';
const TASK_TOKEN_SECRET = 'a-secret-of-task-tokens';
const LARGE = 'x'.repeat(2 * 1024 * 1024);

/** A workflow as its author has it. */
async function waiting(_first?: string, _word?: string): Promise<string> {
  return '';
}

describe('what a client sends', () => {
  it('given a payload over 2 MiB, when it is to be sent, then it is refused here, with its size, whose it is, and which argument', async () => {
    const handle = await client.workflow.start('adding', { taskQueue, workflowId: fresh('large'), args: [1] });
    const before = sent.length;
    const bytes = LARGE.length + 2;
    const refused = async (promise: Promise<unknown>): Promise<PayloadTooLargeError> => {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(PayloadTooLargeError);
      return error as PayloadTooLargeError;
    };
    expect(await refused(client.workflow.start(waiting, { taskQueue, workflowId: 'w', args: ['a', LARGE] }))).toMatchObject({ what: `The input of workflow "waiting" (argument "_word", ${bytes} bytes)`, bytes: bytes + 6, bytesMax: 2_097_152 });
    expect((await refused(client.workflow.start('waiting', { taskQueue, workflowId: 'w', args: ['a', LARGE] }))).what).toContain('(argument 2,');
    expect((await refused(client.workflow.start('waiting', { taskQueue, workflowId: 'w', memo: { note: LARGE } }))).what).toBe('The memo of workflow "waiting"');
    expect((await refused(client.workflow.signalWithStart('waiting', { taskQueue, workflowId: 'w', signal: 'say', signalArgs: [LARGE] }))).what).toContain('The input of signal "say" (argument 1,');
    expect((await refused(handle.signal('plus', LARGE))).what).toContain('signal "plus" (argument 1');
    expect((await refused(handle.query('sum', 1, LARGE))).what).toContain('query "sum" (argument 2');
    expect((await refused(handle.executeUpdate('add', { args: [LARGE] }))).what).toContain('update "add" (argument 1');
    const startWorkflowOperation = new WithStartWorkflowOperation(waiting, { taskQueue, workflowId: 'w', workflowIdConflictPolicy: 'FAIL', args: [LARGE] });
    expect((await refused(client.workflow.executeUpdateWithStart('add', { startWorkflowOperation }))).what).toContain('workflow "waiting" (argument "_first"');
    expect((await refused(client.activity.complete({ workflowId: 'w', activityId: '1' }, LARGE))).what).toBe('The result of the activity');
    // The caller sees each call; what it sends is what the connection let through.
    expect(await failureOf(client.workflow.getHandle('w').describe())).toBeInstanceOf(Error);
    const control = new ControlClient({ url: replica.url, token: TEST_TOKEN });
    expect((await refused(control.start('waiting', { workflowId: 'w', args: [LARGE] }))).what).toContain('workflow "waiting" (argument 1');
    expect((await refused(control.getHandle(handle.workflowId).signal('plus', LARGE))).what).toContain('signal "plus"');
    await control.close();
    expect(sent.length).toBeGreaterThan(before);
    expect((await handle.describe()).historyLength).toBe(4);
    expect(await handle.query('sum')).toBe(1);
    // As large as a payload may be.
    const fits = await client.workflow.start('waiting', { taskQueue, workflowId: fresh('fits'), args: [LARGE.slice(4)] });
    await fits.terminate();
    await handle.terminate();
  });

  it('given many starts, when they are made at once, then few calls are, each succeeds or fails alone in order, and interceptors see each', async () => {
    const mark = randomUUID();
    const taken = await client.workflow.start('waiting', { taskQueue, workflowId: `taken-${mark}` });
    const seen: string[] = [];
    const bulk = new Client({ connection: client.connection, interceptors: { workflow: [{ startWithDetails: (input, next) => (seen.push(input.options.workflowId), next({ ...input, headers: { trace: defaultPayloadConverter.toPayload('abc') } })) }] } });
    const starts = Array.from({ length: 620 }, (_, index) => ({ workflow: 'counting', options: { taskQueue, workflowId: `bulk-${index}-${mark}`, args: [0] } }));
    const odd = [
      { workflow: 'waiting', options: { taskQueue, workflowId: `taken-${mark}` } },
      { workflow: 'nothing', options: { taskQueue, workflowId: 'n' } },
      { workflow: 'waiting', options: { taskQueue, workflowId: 'l', args: [LARGE] } },
    ];
    const before = sent.length;
    const results = await bulk.workflow.startMany([...odd, ...starts]);
    expect(sent.slice(before).map(({ body }) => (body as { starts: object[] }).starts.length)).toEqual([500, 122]);
    expect(results.slice(0, 3).map((result) => (result.status === 'rejected' ? (result.reason as Error).constructor.name : ''))).toEqual([WorkflowExecutionAlreadyStartedError.name, 'WorkflowTypeUnknownError', PayloadTooLargeError.name]);
    const [, , , first] = results;
    expect(results.slice(3).every(({ status }) => status === 'fulfilled')).toBe(true);
    if (first?.status !== 'fulfilled') throw new Error('the first was not started');
    expect(first.value.workflowId).toBe(`bulk-0-${mark}`);
    expect(await first.value.result()).toBe('counted');
    expect((await first.value.fetchHistory()).events[0]?.attributes).toMatchObject({ header: { trace: 'abc' } });
    expect(seen).toHaveLength(623);
    await taken.terminate();
  });

  it('given a deadline or a signal, when a call would take longer, then it ends with a ServiceError that says which', async () => {
    const handle = await client.workflow.start('waiting', { taskQueue, workflowId: fresh('long') });
    const late = await failureOf(client.withDeadline(Date.now() + 200, () => handle.result()));
    expect(late).toBeInstanceOf(ServiceError);
    expect([isGrpcDeadlineError(late), isGrpcCancelledError(late)]).toEqual([true, false]);
    const controller = new AbortController();
    const waited = failureOf(client.withAbortSignal(controller.signal, () => handle.result()));
    await handle.query('heard');
    controller.abort();
    const given = await waited;
    expect([given instanceof ServiceError, isGrpcDeadlineError(given), isGrpcCancelledError(given)]).toEqual([true, false, true]);
    // The connection is as good as before.
    expect(await client.withDeadline(Date.now() + 10_000, () => handle.query('heard'))).toBeNull();
    await handle.terminate();
  });

  it('given activities that nobody serves, when they are ended from outside by ids or by token, then each call does what it says', async () => {
    const started = async (): Promise<{ workflowId: string; activityId: string; result(): Promise<unknown>; cancel(): Promise<unknown>; runId: string }> => {
      const handle = await client.workflow.start('greeting', { taskQueue, workflowId: fresh('greeting'), args: ['x'] });
      return { workflowId: handle.workflowId, activityId: '1', result: () => handle.result(), cancel: () => handle.cancel(), runId: handle.firstExecutionRunId };
    };
    const idsOf = ({ workflowId, activityId }: { workflowId: string; activityId: string }): { workflowId: string; activityId: string } => ({ workflowId, activityId });
    const completed = await started();
    await client.activity.heartbeat(idsOf(completed), { page: 1 });
    await client.activity.complete(idsOf(completed), 'by ids');
    expect(await completed.result()).toBe('by ids');
    expect(await failureOf(client.activity.complete(idsOf(completed), 'again'))).toBeInstanceOf(WorkflowAlreadyClosedError);

    const byToken = await started();
    const token = makeTaskToken(TASK_TOKEN_SECRET, { ...idsOf(byToken), runId: byToken.runId, attempt: 1 });
    await client.activity.heartbeat(token, 1);
    await client.activity.complete(token, 'by token');
    expect(await byToken.result()).toBe('by token');
    expect(await failureOf(client.activity.complete(makeTaskToken('another-secret-of-them', { ...idsOf(byToken), runId: byToken.runId, attempt: 1 }), 1))).toBeInstanceOf(Error);

    const failed = await started();
    await client.activity.fail(idsOf(failed), ApplicationFailure.nonRetryable('no scales', 'NoScales'));
    expect(((await failureOf(failed.result())) as WorkflowFailedError).cause?.cause).toMatchObject({ message: 'no scales', type: 'NoScales' });

    const held = await started();
    const control = new ControlClient({ url: replica.url, token: TEST_TOKEN });
    await control.getHandle(held.workflowId).actOnActivity('1', 'pause', { reason: 'wait' });
    expect(await failureOf(client.activity.heartbeat(idsOf(held)))).toBeInstanceOf(ActivityPausedError);
    await control.getHandle(held.workflowId).actOnActivity('1', 'unpause', { reason: 'go on' });
    await control.close();
    await held.cancel();
    expect(await failureOf(client.activity.heartbeat(idsOf(held)))).toBeInstanceOf(ActivityCancelledError);
    await client.activity.reportCancellation(idsOf(held), 'given up');
    expect(((await failureOf(held.result())) as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    const open = await started();
    expect(await failureOf(client.activity.complete({ ...idsOf(open), activityId: '9' }, 1))).toBeInstanceOf(ActivityNotFoundError);
    await client.workflow.getHandle(open.workflowId).terminate();
  });

  it('given listed workflows, when their histories are asked for, then each is whole', async () => {
    const mark = randomUUID();
    const handles = await Promise.all([1, 2].map(() => client.workflow.start('waiting', { taskQueue, workflowId: fresh('listed'), searchAttributes: { Word: [mark] } })));
    const lengths: Record<string, number> = {};
    for await (const { workflowId, history } of client.workflow.list({ query: `Word = '${mark}'`, pageSize: 1 }).intoHistories()) lengths[workflowId] = history.events.length;
    expect(lengths).toEqual(Object.fromEntries(handles.map(({ workflowId }) => [workflowId, 4])));
    await Promise.all(handles.map((handle) => handle.terminate()));
  });

  it('given a schedule that two change at once, when both updates are made, then neither is lost', async () => {
    const schedule = await client.schedule.create({ scheduleId: fresh('shared'), spec: { intervals: [{ every: '1h' }] }, action: { type: 'startWorkflow', workflowType: 'counting', args: [0], taskQueue }, state: { note: '' } });
    const append = (letter: string): Promise<void> => schedule.update((previous) => ({ ...previous, state: { ...previous.state, note: `${previous.state.note ?? ''}${letter}` } }));
    await Promise.all(['a', 'b', 'c', 'd'].map(append));
    expect([...((await schedule.describe()).state.note ?? '')].sort().join('')).toBe('abcd');
    await schedule.delete();
  });

  it('given a schedule whose workflow runs, when it is triggered without a policy, then another one starts, as there', async () => {
    const schedule = await client.schedule.create({ scheduleId: fresh('triggered'), spec: { intervals: [{ every: '1000h' }] }, action: { type: 'startWorkflow', workflowType: 'waiting', taskQueue } });
    await schedule.trigger();
    await schedule.trigger();
    const { info } = await schedule.describe();
    expect(info.numActionsTaken).toBe(2);
    await Promise.all(info.recentActions.map(({ action }) => client.workflow.getHandle(action.workflow.workflowId).terminate()));
    await schedule.delete();
  });

  it('given an interceptor of schedules, when one is made, then it may change it, and its headers go to the workflows, after an update too', async () => {
    const intercepted = new Client({ connection, interceptors: { schedule: [{ create: (input, next) => next({ options: { ...input.options, memo: { by: 'interceptor' } }, headers: { trace: defaultPayloadConverter.toPayload('abc') } }) }] } });
    const schedule = await intercepted.schedule.create({ scheduleId: fresh('intercepted'), spec: { intervals: [{ every: '1000h' }] }, action: { type: 'startWorkflow', workflowType: 'counting', args: [0], taskQueue } });
    expect((await schedule.describe()).memo).toEqual({ by: 'interceptor' });
    await schedule.update((previous) => previous);
    await schedule.trigger();
    const [taken] = (await schedule.describe()).info.recentActions;
    const { events } = await client.workflow.getHandle(taken?.action.workflow.workflowId ?? '').fetchHistory();
    expect(events[0]?.attributes).toMatchObject({ header: { trace: 'abc' } });
    await schedule.delete();
  });

  it('given a Nest app with the module, when its provider starts a workflow, then it runs here, and the connection ends with the app', async () => {
    const moduleRef = await Test.createTestingModule({ imports: [ClientModule.forRootAsync({ useFactory: () => ({ url: replica.url, token: TEST_TOKEN, identity: 'nest' }) })] }).compile();
    await moduleRef.init();
    const injected = moduleRef.get(Client);
    const handle = await injected.workflow.start('counting', { taskQueue, workflowId: fresh('nest'), args: [1] });
    expect(await handle.result()).toBe('counted');
    expect((await moduleRef.get(ControlClient).getHandle(handle.workflowId).history())[0]?.attributes).toMatchObject({ workflowType: 'counting' });
    await moduleRef.close();
    expect(await failureOf(injected.workflow.count())).toBeInstanceOf(ServiceError);
  });

  it('given nobody at the address, when an activity is completed, then it is a ServiceError as with every other call', async () => {
    const lost = Connection.lazy({ address: '127.0.0.1:9', token: TEST_TOKEN, connectRetriesMax: 0 });
    expect(await failureOf(new Client({ connection: lost }).activity.complete({ workflowId: 'w', activityId: '1' }, 1))).toBeInstanceOf(ServiceError);
    await lost.close();
  });
});
