import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActivityOutcome, StartWorkflowResult } from '@backstitch/protocol';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { WorkflowBundle } from '@backstitch/sandbox';
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

/** Each attempt's first time fails for odd names, so that attempts are counted while replicas take turns. */
function failingOnce({ attempt, input: [name] }: { attempt: number; input: unknown[] }): ActivityOutcome['outcome'] {
  return attempt === 1 && String(name).endsWith('1') ? { status: 'failed', failure: { message: 'not yet' } } : { status: 'completed', result: `hello ${String(name)}` };
}

async function ownedBy(replica: Replica): Promise<number> {
  return (await replica.call('GET', '/info')).body.partitions.owned as number;
}

describe.each(queueBackendsUnderTest())('two replicas side by side, with queues on %s', (backend) => {
  let first: Replica;
  let second: Replica;
  let service: FakeService;

  /** @param whileAlone what is done before the second replica joins */
  async function bringUp(whileAlone?: () => Promise<unknown>): Promise<void> {
    await database?.drop();
    database = await makeTestDatabase('replicas');
    const connection = await makeQueueConnection(backend, database, ['shop']);
    const replica = async (): Promise<Replica> => {
      const started = await startReplica({ dataSource: await database.connect(), queueConnection: connection, workflows, leaseMs: 600, leaseRenewalMs: 100, awaitClosedRecheckMs: 50 });
      cleanups.push(() => started.stop());
      return started;
    };
    first = await replica();
    await whileAlone?.();
    second = await replica();
    service = new FakeService(connection, 'shop', failingOnce);
    cleanups.push(() => service.stop());
    await eventually('they share the partitions', async () => (await ownedBy(first)) === 32 && (await ownedBy(second)) === 32);
  }

  /** Forty greetings, ten sagas that undo, ten naps, started at both in turns. */
  async function startMany(): Promise<StartWorkflowResult[]> {
    const started: StartWorkflowResult[] = [];
    for (let index = 0; index < 10; index += 1) {
      const replica = index % 2 === 0 ? first : second;
      started.push(
        ...(await replica.start(
          ...[0, 1, 2, 3].map((digit) => ({ workflowId: `greet-${index}-${digit}`, workflowType: 'greeting', args: [`${index}${digit}`] })),
          { workflowId: `wrap-${index}`, workflowType: 'wrapping', args: [`${index}1`] },
          { workflowId: `nap-${index}`, workflowType: 'napping', args: [index * 50] },
        )),
      );
    }
    return started;
  }

  async function expectAllEndedOnce(started: readonly StartWorkflowResult[], asked: Replica): Promise<void> {
    for (const { workflowId } of started) {
      const status = workflowId.startsWith('wrap') ? 'FAILED' : 'COMPLETED';
      expect(await asked.closed(workflowId)).toMatchObject({ workflowId, status });
      const { body } = await asked.call('GET', `/workflows/${workflowId}/history`);
      const types = (body.events as { eventType: string }[]).map(({ eventType }) => eventType);
      expect(types.filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length).toBe(workflowId.startsWith('wrap') ? 2 : workflowId.startsWith('nap') ? 0 : 1);
      expect((body.events as { eventId: number }[]).map(({ eventId }) => eventId)).toEqual(types.map((_, index) => index + 1));
    }
  }

  it('given a parent and children that different replicas hold, when they signal each other and end, then each call reaches its run once, and updates, schedules and locks answer at either', async () => {
    await bringUp();
    const ids = Array.from({ length: 6 }, (_, index) => `child-${index}`);
    await first.start({ workflowId: 'parent-1', workflowType: 'parenting', args: [ids] });
    expect(await second.closed('parent-1')).toMatchObject({ status: 'COMPLETED', result: ids.map(() => 3) });
    for (const workflowId of ids) {
      const { body } = await first.call('GET', `/workflows/${workflowId}/history`);
      expect((body.events as { eventType: string }[]).filter(({ eventType }) => eventType === 'WORKFLOW_EXECUTION_SIGNALED')).toHaveLength(2);
    }
    for (const [index, replica] of [first, second].entries()) {
      await first.start({ workflowId: `sum-${index}`, workflowType: 'adding', args: [index] });
      const update = { updateId: 'u', updateName: 'add', args: [5], waitForStage: 'COMPLETED' };
      expect((await replica.call('POST', `/workflows/sum-${index}/update`, update)).body).toMatchObject({ outcome: { status: 'completed', result: index + 5 } });
      expect((await second.call('GET', `/workflows/sum-${index}/updates/u?timeoutMs=1000`)).body).toMatchObject({ stage: 'COMPLETED' });
      const schedule = { spec: { intervals: [{ everyMs: 3_600_000 }] }, action: { type: 'startWorkflow', workflowId: `by-${index}`, workflowType: 'counting', args: [0] }, policies: {}, state: {} };
      expect((await replica.call('POST', '/schedules', { scheduleId: `s-${index}`, schedule, triggerImmediately: true })).status).toBe(204);
      const [taken] = (await second.call('GET', `/schedules/s-${index}`)).body.recentActions as { execution: { workflowId: string } }[];
      expect(await first.closed(taken?.execution.workflowId ?? '')).toMatchObject({ status: 'COMPLETED' });
    }
    await first.start(...['l-1', 'l-2', 'l-3', 'l-4'].map((workflowId) => ({ workflowId, workflowType: 'locking', args: ['one'] })));
    for (const workflowId of ['l-1', 'l-2', 'l-3', 'l-4']) expect((await second.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'finish', args: [] })).status).toBe(204);
    for (const workflowId of ['l-1', 'l-2', 'l-3', 'l-4']) expect(await first.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: 'locked one' });
  });

  it('given many workflows that retry, undo and sleep, when outcomes reach either replica, then each workflow ends once, as with one replica', async () => {
    await bringUp();
    const started = await startMany();
    expect(started.filter(({ status }) => status !== 'started')).toEqual([]);
    await expectAllEndedOnce(started, first);
    expect((await second.closed('greet-0-1', 1))?.result).toBe('hello 01');
  });

  it('given calls that wait at a replica which is alone, when another joins and closes the runs, then they are answered at that moment', async () => {
    const workflowIds = Array.from({ length: 10 }, (_, index) => `waits-${index}`);
    const answers: Promise<unknown>[] = [];
    await bringUp(async () => {
      await first.start(...workflowIds.map((workflowId) => ({ workflowId, workflowType: 'waiting' })));
      answers.push(...workflowIds.map((workflowId) => first.closed(workflowId)));
    });
    for (const workflowId of workflowIds) await second.call('POST', `/workflows/${workflowId}/signal`, { signalName: 'say', args: ['done'] });
    // Those that are not told look for themselves at the end of their time.
    await first.start({ workflowId: 'waits-on', workflowType: 'waiting' });
    const timeHasPassed = first.closed('waits-on', 15_000);
    expect(await Promise.race([Promise.all(answers), timeHasPassed])).toEqual(workflowIds.map((workflowId) => expect.objectContaining({ workflowId, status: 'COMPLETED' })));
  });

  it('given the same start at both, when it is made at once, then there is one run', async () => {
    await bringUp();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? first : second).start({ workflowId: `same-${index >> 2}`, workflowType: 'greeting', args: ['x'] })),
    );
    const runIds = new Map<string, Set<string | undefined>>();
    answers.flat().forEach((answer) => {
      expect(['started', 'existing']).toContain(answer.status);
      runIds.set(answer.workflowId, (runIds.get(answer.workflowId) ?? new Set()).add('runId' in answer ? answer.runId : undefined));
    });
    expect([...runIds.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1]);
  });

  it('given a replica that stops while all runs, when it has gone, then the other finishes everything, its timers too', async () => {
    await bringUp();
    const started = await startMany();
    await second.stop();
    await expectAllEndedOnce(started, first);
    expect(await ownedBy(first)).toBe(64);
  });

  it('given a replica that stands still, when its leases run out, then the other takes over, and what it had timed is woken', async () => {
    await bringUp();
    const naps = await second.start(...Array.from({ length: 20 }, (_, index) => ({ workflowId: `still-${index}`, workflowType: 'napping', args: [1_200] })));
    // Neither its renewals nor its timers reach the database any more.
    second.dataSource.driver.obtainMasterConnection = () => Promise.reject(Object.assign(new Error('cut off'), { code: 'ECONNREFUSED' }));
    await eventually('the other holds all', async () => (await ownedBy(first)) === 64);
    for (const { workflowId } of naps) expect(await first.closed(workflowId)).toMatchObject({ status: 'COMPLETED' });
  });
});
