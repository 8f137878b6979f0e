import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityJobId, ENVELOPE_VERSION, type ActivityJob, type ActivityOutcome, type JsonValue } from '@backstitch/protocol';
import { makeTaskToken } from '@backstitch/protocol/task-token';
import { JobQueues, type QueueConnection } from '@backstitch/queues';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { FakeService } from './fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';

const SECRET = 'the secret of the specs';
const SOURCE = `
import { ActivityFailure, isCancellation, proxyActivities, TimeoutFailure } from '@backstitch/workflow';

export async function working(options) {
  const { work } = proxyActivities({ taskQueue: 'shop', startToCloseTimeout: '1 minute', retry: { initialInterval: '20ms' }, ...options });
  try {
    return await work('input');
  } catch (error) {
    if (isCancellation(error)) return 'cancelled';
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return error.cause.timeoutType;
    throw error;
  }
}
`;

async function bundle(): Promise<WorkflowBundle> {
  const directory = await mkdtemp(join(tmpdir(), 'backstitch-workflows-'));
  try {
    await writeFile(join(directory, 'workflows.js'), SOURCE);
    return await bundleWorkflows({ workflowsPath: join(directory, 'workflows.js') });
  } finally {
    await rm(directory, { recursive: true });
  }
}

const forEver = (): Promise<never> => new Promise<never>(() => undefined);

describe.each(queueBackendsUnderTest())('the life of activities, with queues on %s', (backend) => {
  let database: TestDatabase;
  let workflows: WorkflowBundle;
  let connection: QueueConnection;
  let queues: JobQueues;
  let service: FakeService | undefined;
  let replica: Replica;

  beforeAll(async () => {
    database = await makeTestDatabase('activities');
    connection = await makeQueueConnection(backend, database, ['shop']);
    queues = new JobQueues(connection);
    workflows = await bundle();
  });
  afterAll(async () => {
    await queues.close();
    await database.drop();
  });
  beforeEach(async () => {
    replica = await startReplica({ dataSource: database.dataSource, queueConnection: connection, workflows, taskTokenSecret: SECRET });
  });
  afterEach(async () => {
    await replica.stop();
    await service?.stop();
    service = undefined;
  });

  const serve = (handler: ConstructorParameters<typeof FakeService>[2]): FakeService => (service = new FakeService(connection, 'shop', handler));

  async function start(options: JsonValue = {}): Promise<string> {
    const [result] = await replica.start({ workflowType: 'working', args: [options] });
    return result?.workflowId ?? '';
  }

  /** What a worker says of an attempt that it makes. */
  async function report(job: ActivityJob, heartbeatDetails?: JsonValue, outcome: ActivityOutcome['outcome'] = { status: 'running' }): Promise<void> {
    const now = Date.now();
    const { workflowId, runId, scheduledEventId, attempt, dispatch, key } = job;
    const reported = { workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs: now, finishedAtMs: now, identity: 'fake', ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }), outcome };
    await queues.addBulk(job.replyTo, [{ name: 'outcomes', data: { envelopeVersion: ENVELOPE_VERSION, kind: 'outcomes', outcomes: [reported] }, jobId: `report-${randomUUID()}` }]);
  }

  /** The job of the attempt, once it was taken. Those of other specs, whose workers never ended them, may come again. */
  async function taken(workflowId: string, attempt = 1): Promise<ActivityJob> {
    const find = (): ActivityJob | undefined => service?.jobs.find((job) => job.workflowId === workflowId && job.attempt === attempt);
    await eventually(`attempt ${attempt} is taken`, () => find() !== undefined);
    return find() as ActivityJob;
  }

  it('given an attempt that reports and falls silent, when its heartbeat time-out is over, then the next one has its last details', async () => {
    serve(async (job) => {
      if (job.attempt > 1) return { status: 'completed', result: job.heartbeatDetails ?? null };
      // One report: what came in a second one could come after the time-out.
      await report(job, { row: 7 });
      return forEver();
    });
    const workflowId = await start({ heartbeatTimeout: '700ms' });
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: { row: 7 } });
    const { body } = await replica.call('GET', `/workflows/${workflowId}/history`);
    expect(body.events).toContainEqual(expect.objectContaining({ eventType: 'ACTIVITY_TASK_STARTED', attributes: expect.objectContaining({ attempt: 2, lastFailure: expect.objectContaining({ timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: { row: 7 } } }) }) }));
  });

  it('given nobody who takes the job, when its schedule-to-start time-out is over, then the workflow is told, and the job is gone', async () => {
    const workflowId = await start({ scheduleToStartTimeout: '300ms' });
    expect(await replica.closed(workflowId)).toMatchObject({ result: 'SCHEDULE_TO_START' });
    await eventually('the job is gone', async () => (await queues.queue('shop').getJobCountByTypes('waiting')) === 0);
  });

  it('given a worker that reported and died, when its start-to-close time-out is over, then the attempt has timed out', async () => {
    serve(async (job) => {
      await report(job);
      return forEver();
    });
    expect(await replica.closed(await start({ startToCloseTimeout: '300ms', retry: { maximumAttempts: 1 } }))).toMatchObject({ result: 'START_TO_CLOSE' });
  });

  it('given a handler that has returned, when its token comes with heartbeats and a result, then the workflow gets it; a forged one is refused, and a second use too', async () => {
    serve(async () => ({ status: 'running', completesOutside: true }));
    const workflowId = await start();
    const { runId, activityId } = await taken(workflowId);
    const taskToken = Buffer.from(makeTaskToken(SECRET, { workflowId, runId, activityId, attempt: 1 })).toString('base64');
    const forged = Buffer.from(makeTaskToken('the secret of others', { workflowId, runId, activityId, attempt: 1 })).toString('base64');
    await eventually('it is known to be open', async () => (await replica.call('GET', `/workflows/${workflowId}`)).body.activities[0].completesOutside === true);
    expect(await replica.call('POST', '/activities/by-token/complete', { taskToken: forged, result: 1 })).toMatchObject({ status: 400 });
    expect(await replica.call('POST', '/activities/by-token/retry', { taskToken })).toMatchObject({ status: 400 });
    expect(await replica.call('POST', '/activities/by-token/heartbeat', { taskToken, details: 'half' })).toMatchObject({ status: 200, body: { cancelRequested: false, paused: false } });
    expect((await replica.call('GET', `/workflows/${workflowId}`)).body.activities[0]).toMatchObject({ heartbeatDetails: 'half' });
    expect(await replica.call('POST', '/activities/by-token/complete', { taskToken, result: { approved: true }, identity: 'webhook' })).toMatchObject({ status: 204 });
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: { approved: true } });
    expect(await replica.call('POST', '/activities/by-token/complete', { taskToken, result: 2 })).toMatchObject({ status: 409 });
  });

  it('given an operator, when an activity is paused, unpaused, retried and completed, then each happens, with its reason in the history', async () => {
    serve(({ attempt }) => ({ status: 'failed', failure: { message: `no ${attempt}` } }));
    const workflowId = await start({ retry: { initialInterval: '1 hour' } });
    const act = (action: string, body: object = {}) => replica.call('POST', `/workflows/${workflowId}/activities/1/${action}`, { reason: `to ${action}`, identity: 'olga', ...body });
    const activity = async () => (await replica.call('GET', `/workflows/${workflowId}`)).body.activities[0];
    await eventually('it backs off', async () => (await activity()).status === 'BACKING_OFF');
    expect(await act('pause')).toMatchObject({ status: 204 });
    expect(await act('retry', { reason: undefined })).toMatchObject({ status: 400 });
    expect(await activity()).toMatchObject({ paused: true, attempt: 2 });
    expect(await act('unpause')).toMatchObject({ status: 204 });
    expect(await act('retry')).toMatchObject({ status: 204 });
    await taken(workflowId, 2);
    await eventually('it has failed again', async () => (await activity()).attempt === 3);
    expect(await act('complete', { result: 'by hand' })).toMatchObject({ status: 204 });
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: 'by hand' });
    const { body } = await replica.call('GET', `/workflows/${workflowId}/history`);
    const audits = body.events.flatMap((event: { attributes: { signalName?: string; input?: { action: string; reason: string; identity: string }[] } }) => (event.attributes.signalName === '__backstitch_activity_action' ? (event.attributes.input ?? []) : []));
    expect(audits.map(({ action, reason, identity }: { action: string; reason: string; identity: string }) => [action, reason, identity])).toEqual(['pause', 'unpause', 'retry', 'complete'].map((action) => [action, `to ${action}`, 'olga']));
    expect(await replica.call('POST', `/workflows/${workflowId}/activities/9/complete`, {})).toMatchObject({ status: expect.any(Number), body: { error: { code: expect.any(String) } } });
  });

  it.each([
    ['WAIT_CANCELLATION_COMPLETED', true, true],
    ['TRY_CANCEL', true, false],
    ['ABANDON', false, false],
  ])('given an activity of cancellation type %s, when its workflow is cancelled, then its worker is told as the type says, and the workflow waits for it or not', async (cancellationType, isTold, isAwaited) => {
    let finish: (outcome: ActivityOutcome['outcome']) => void = () => undefined;
    const finished = new Promise<ActivityOutcome['outcome']>((resolve) => (finish = resolve));
    serve(() => finished);
    const workflowId = await start({ cancellationType });
    const job = await taken(workflowId);
    await replica.call('POST', `/workflows/${workflowId}/cancel`, {});
    const wasTold = async (): Promise<boolean> => (await queues.cancelRequested('shop', [activityJobId(job)])).size === 1;
    if (isTold) await eventually('the worker is told', wasTold);
    if (isAwaited) {
      expect(await replica.closed(workflowId, 200)).toBeUndefined();
      finish({ status: 'canceled' });
    }
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED', result: 'cancelled' });
    // An outcome is on its way before its job has gone.
    if (isAwaited) await eventually('the job and its flag have gone', async () => !(await wasTold()));
    else expect(await wasTold()).toBe(isTold);
    finish({ status: 'completed', result: 'too late' });
    const { body } = await replica.call('GET', `/workflows/${workflowId}/history`);
    const types: string[] = body.events.map(({ eventType }: { eventType: string }) => eventType);
    expect(types.includes('ACTIVITY_TASK_CANCEL_REQUESTED')).toBe(isTold);
    expect(types.includes('ACTIVITY_TASK_CANCELED')).toBe(isAwaited);
  });
});
