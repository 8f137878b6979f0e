import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { activityJobId, type ActivityJob } from '@backstitch/protocol';
import { readTaskToken, verifyTaskToken } from '@backstitch/protocol/task-token';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { activityInfo, ApplicationFailure, cancellationDetails, cancellationSignal, cancelled, CancelledFailure, CompleteAsyncError, getClient, heartbeat, log, sleep } from './index.js';

const SECRET = 'a secret of sixteen';
const CLIENT = { name: 'the client' };

class Greeter {
  constructor(private readonly greeting: string) {}

  async greet(name: string, punctuation: string): Promise<string> {
    return `${this.greeting} ${name}${punctuation}`;
  }

  async whoCalls(): Promise<unknown> {
    log.info('asked', { by: 'a spec' });
    return { client: getClient(), attempt: activityInfo().attempt };
  }
}

describe.each(queueBackendsUnderTest())('the life of an attempt, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend, { taskTokenSecret: SECRET, client: CLIENT, functions: { activities: new Greeter('Hello') } });
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  const script = (work: () => Promise<unknown>): void => void (harness.bench.script = work);
  const external = (fields: Partial<ActivityJob> = {}): ActivityJob => harness.job({ activityType: 'externalScripted', ...fields });
  const progressOf = async (job: ActivityJob): Promise<unknown> => (await harness.queues.queue('inventory').getJob(activityJobId(job)))?.progress;

  it('given an object of functions, when jobs come for them, then they are activities, with arguments, this, context and inbox', async () => {
    const job = harness.job({ activityType: 'greet', input: ['Ann', '!'] });
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: 'Hello Ann!' });
    expect(await harness.inboxRow(job.key)).toMatchObject({ state: 'completed', result: 'Hello Ann!' });
    expect((await harness.run(harness.job({ activityType: 'whoCalls', input: [] }))).outcome).toEqual({ status: 'completed', result: { client: CLIENT, attempt: 1 } });
    expect(harness.logs).toContainEqual({ level: 'info', message: 'asked', fields: expect.objectContaining({ by: 'a spec', activityType: 'whoCalls' }) });
  });

  it('given a handler that asks who it is, when it is told, then Temporal’s fields are there, and a token that only the secret can make', async () => {
    script(async () => {
      const { taskToken, base64TaskToken, workflowExecution, workflowNamespace, isLocal, inWorkflow, scheduledTimestampMs, currentAttemptScheduledTimestampMs, scheduleToCloseTimeoutMs } = activityInfo();
      return { token: base64TaskToken, bytes: taskToken.length, workflowExecution, workflowNamespace, isLocal, inWorkflow, scheduledTimestampMs, currentAttemptScheduledTimestampMs, scheduleToCloseTimeoutMs };
    });
    const job = external({ scheduledAtMs: 1_000_000, scheduleToCloseDeadlineMs: 9_999_999_999_999 });
    const { outcome } = await harness.run(job);
    const result = (outcome as unknown as { result: Record<string, unknown> }).result;
    const { workflowId, runId } = job;
    expect(result).toMatchObject({ workflowExecution: { workflowId, runId }, workflowNamespace: 'default', isLocal: false, inWorkflow: true, scheduledTimestampMs: 1_000_000, scheduleToCloseTimeoutMs: 9_999_998_999_999 });
    const token = result['token'] as string;
    expect(verifyTaskToken(SECRET, token)).toEqual({ workflowId, runId, activityId: '1', attempt: 1 });
    expect(() => verifyTaskToken('another secret of 16', token)).toThrow('no task token');
    expect(readTaskToken(token)).toEqual({ workflowId, runId, activityId: '1', attempt: 1 });
    for (const forged of ['', 'x', token.slice(0, -8), `AAAA${token.slice(4)}`]) expect(() => verifyTaskToken(SECRET, forged)).toThrow('no task token');
  });

  it('given an ordinary attempt, when it runs, then nothing is reported of it', async () => {
    const job = harness.job({ activityType: 'reserve', startToCloseTimeoutMs: 30_000 });
    await harness.run(job);
    expect(harness.reportsOf(job)).toEqual([]);
  });

  it('given a heartbeat time-out, when the handler begins and heartbeats often, then beginning and details are reported, throttled, and show as progress', async () => {
    const done = deferred();
    script(async () => {
      for (let row = 1; row <= 40; row += 1) {
        heartbeat({ row });
        await sleep(10);
      }
      await done.promise;
      return null;
    });
    const job = external({ heartbeatTimeoutMs: 2_000 });
    await harness.dispatch(job);
    await until('the last details are reported', () => JSON.stringify(harness.reportsOf(job).at(-1)?.heartbeatDetails) === '{"row":40}');
    // One at once, then one a second: of forty, few, however slow the machine.
    expect(harness.reportsOf(job).length).toBeLessThan(20);
    expect(harness.reportsOf(job)[0]).toMatchObject({ attempt: 1, outcome: { status: 'running' }, identity: expect.stringContaining('inventory@') });
    await until('the last details show in the queue', async () => JSON.stringify(await progressOf(job)) === '{"details":{"row":40}}');
    done.resolve();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: null });
  });

  it('given a schedule-to-start time-out, when the handler begins, then that is reported at once', async () => {
    script(async () => null);
    const job = external({ scheduleToStartTimeoutMs: 60_000 });
    await harness.run(job);
    await until('it is reported', () => harness.reportsOf(job).length === 1);
  });

  it('given a request to cancel, when the handler heartbeats, then it hears of it, whatever its progress shows', async () => {
    const seen: unknown[] = [];
    script(async () => {
      heartbeat(40);
      harness.bench.entered?.resolve();
      await cancelled().catch((error: unknown) => seen.push(error, cancellationDetails(), cancellationSignal().aborted));
      throw new CancelledFailure('put down', ['row 40']);
    });
    const job = external();
    const beating = setInterval(() => undefined, 1_000);
    harness.bench.entered = deferred();
    await harness.dispatch(job);
    await harness.bench.entered.promise;
    await until('the progress shows', async () => (await progressOf(job)) === 40);
    await harness.queues.requestCancel('inventory', activityJobId(job));
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'canceled', details: ['row 40'] });
    clearInterval(beating);
    expect(seen).toEqual([expect.objectContaining({ name: 'CancelledFailure', message: 'CANCELLED' }), expect.objectContaining({ cancelRequested: true, timedOut: false, workerShutdown: false }), true]);
  });

  it('given a job that a worker lost, when it is handed out again, then the handler has what the queue knows of its heartbeats, and the beginning is reported', async () => {
    let heard: unknown;
    script(async () => {
      heard = activityInfo().heartbeatDetails;
      return null;
    });
    const job = external({ startToCloseTimeoutMs: 30_000 });
    // As if a worker had taken it, shown its progress, and died.
    await harness.queues.addBulk('inventory', [{ name: job.activityType, data: job, jobId: activityJobId(job), delayMs: 3_600_000 }]);
    await harness.queues.heartbeat('inventory', activityJobId(job), { row: 7 });
    const held = await harness.queues.queue('inventory').getJob(activityJobId(job));
    await markAsTaken(harness, job);
    await held?.promote();
    await harness.outcomeOf(job);
    expect(heard).toEqual({ row: 7 });
    await until('it is reported', () => harness.reportsOf(job).length === 1);
  });

  it('given a handler that throws CompleteAsyncError, when it has, then the attempt is reported open and its job is gone; other modes refuse it', async () => {
    script(async () => {
      throw new CompleteAsyncError();
    });
    const job = external();
    expect((await harness.run(job)).outcome).toEqual({ status: 'running', completesOutside: true });
    await until('the job is gone', async () => (await harness.queues.held('inventory', [activityJobId(job)])).size === 0);
    expect((await harness.queues.queue('inventory').getJob(activityJobId(job))) ?? null).toBeNull();
    const transactional = await harness.run(harness.job({ activityType: 'scripted' }));
    expect(transactional.outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'BackstitchWrongActivityMode', nonRetryable: true } } });
  });

  it('given a heartbeat whose details are too large, when it is sent, then the handler is told with the size', async () => {
    script(async () => {
      heartbeat('x'.repeat(3 * 1024 * 1024));
    });
    expect((await harness.run(external())).outcome).toMatchObject({ status: 'failed', failure: { message: expect.stringContaining('The heartbeat has 3145730 bytes'), applicationFailureInfo: { type: 'BackstitchPayloadTooLarge' } } });
  });

  it('given an ApplicationFailure with everything, when it is thrown, then all of it reaches the workflow', async () => {
    script(async () => {
      throw ApplicationFailure.create({ message: 'm', type: 'T', nonRetryable: true, details: [1, 'two'], nextRetryDelay: '2 seconds', category: 'BENIGN', cause: new RangeError('why') });
    });
    expect((await harness.run(external())).outcome).toMatchObject({
      failure: { message: 'm', applicationFailureInfo: { type: 'T', nonRetryable: true, details: [1, 'two'], nextRetryDelayMs: 2_000, category: 'BENIGN' }, cause: { message: 'why', applicationFailureInfo: { type: 'RangeError' } } },
    });
  });
});

/** The queue counts how often it has handed a job out. */
async function markAsTaken(harness: ActivityHarness, job: ActivityJob): Promise<void> {
  if (harness.connection.backend === 'postgres') {
    await harness.dataSource.query(`UPDATE queue_inventory.job SET attempts_started = 1 WHERE id = $1`, [activityJobId(job)]);
    return;
  }
  const client = (await (harness.queues.queue('inventory').getBackend() as unknown as { client: Promise<{ hset(key: string, field: string, value: string): Promise<unknown> }> }).client)
  await client.hset(`${harness.connection.prefix ?? ''}:inventory:${activityJobId(job)}`, 'ats', '1');
}
