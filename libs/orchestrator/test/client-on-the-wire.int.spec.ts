import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
// Both ends of the control wire in one place: nothing but this spec may know the client here.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { ResultTimeoutError, ControlClient, WorkflowFailedError } from '@backstitch/client';
import {
  IncidentNotFoundError,
  InvalidRequestError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  UnauthenticatedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
} from '@backstitch/protocol';
import { makeQueueConnection, startReplica, TEST_TOKEN, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

let database: TestDatabase;
let replica: Replica;
let client: ControlClient;

beforeAll(async () => {
  database = await makeTestDatabase('wire');
  const [workflows, queueConnection] = [await bundleTestWorkflows(), await makeQueueConnection('postgres', database, ['shop'])];
  replica = await startReplica({ dataSource: database.dataSource, queueConnection, workflows });
  client = new ControlClient({ url: replica.url, token: TEST_TOKEN, identity: 'spec' });
});
afterAll(async () => {
  await client.close();
  await replica.stop();
  await database.drop();
});

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

describe('the client on the control wire', () => {
  it('given a workflow with an odd id, when it is driven by the client alone, then each call does what it says', async () => {
    const workflowId = `a/b ü?#%:${'x'.repeat(200)}`;
    const started = await client.start('waiting', { workflowId, searchAttributes: { Word: ['before'] }, memo: { note: 1 } });
    expect(started).toMatchObject({ workflowId, isNew: true });
    expect(await client.start('waiting', { workflowId, searchAttributes: { Word: ['before'] } })).toEqual({ ...started, isNew: false });
    const handle = client.getHandle(workflowId);
    expect(await handle.query('heard')).toBeNull();
    expect((await client.list({ searchAttributes: { Word: 'before' } })).workflows.map((workflow) => workflow.workflowId)).toEqual([workflowId]);
    expect(await failureOf(handle.result({ timeoutMs: 20 }))).toBeInstanceOf(ResultTimeoutError);
    await handle.signal('say', 'hello');
    expect(await handle.result({ timeoutMs: 10_000 })).toBe('hello');
    expect(await handle.describe()).toMatchObject({ workflowId, runId: started.runId, status: 'COMPLETED', memo: { note: 1 }, searchAttributes: { Word: ['hello'] } });
    const history = await handle.history();
    expect(history[0]).toMatchObject({ eventId: 1, eventType: 'WORKFLOW_EXECUTION_STARTED', attributes: { identity: 'spec' } });
    expect(history.at(-1)).toMatchObject({ eventType: 'WORKFLOW_EXECUTION_COMPLETED' });
    expect((await client.awaitClosed([workflowId, 'nobody'])).unknown).toEqual(['nobody']);
    expect((await client.info()).workflowTypes).toContain('waiting');
    expect((await client.listIncidents({ pageSize: 1 })).incidents).toEqual([]);
  });

  it('given calls that the orchestrator refuses, when they are made, then the client throws what the engine threw', async () => {
    await client.start('waiting', { workflowId: 'taken', args: [1] });
    await client.start('waiting', { workflowId: 'closed' });
    await client.getHandle('closed').signal('say', 'fail');
    expect(await failureOf(client.getHandle('closed').result())).toBeInstanceOf(WorkflowFailedError);
    const open = client.getHandle('taken');
    const stranger = new ControlClient({ url: replica.url, token: 'wrong' });
    const failures = await Promise.all([
      failureOf(client.start('waiting', { workflowId: 'taken', args: [2] })),
      failureOf(client.start('nonsense', { workflowId: 'n' })),
      failureOf(client.start('waiting', { workflowId: 'n', searchAttributes: { Nobody: [1] } })),
      failureOf(client.start('waiting', { workflowId: 'n', searchAttributes: { Amount: ['x'] } })),
      failureOf(client.start('waiting', { workflowId: 'n', args: ['x'.repeat(3 * 1024 * 1024)] })),
      failureOf(client.start('waiting', { workflowId: '' })),
      failureOf(client.getHandle('nobody').describe()),
      failureOf(client.getHandle('closed').cancel()),
      failureOf(open.query('nonsense')),
      failureOf(open.query('broken')),
      failureOf(open.signal('__backstitch_x')),
      failureOf(client.resolveIncident('taken', 9, 'retry', { reason: 'r' })),
      failureOf(stranger.list()),
    ]);
    await stranger.close();
    expect(failures.map((failure) => (failure as Error).constructor)).toEqual([
      WorkflowExecutionAlreadyStartedError,
      WorkflowTypeUnknownError,
      SearchAttributeUnknownError,
      SearchAttributeInvalidError,
      PayloadTooLargeError,
      InvalidRequestError,
      WorkflowNotFoundError,
      WorkflowAlreadyClosedError,
      QueryNotRegisteredError,
      QueryFailedError,
      SignalNameReservedError,
      IncidentNotFoundError,
      UnauthenticatedError,
    ]);
  });
});
