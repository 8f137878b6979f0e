import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, type ActivityJob, type JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

type Options = Parameters<Parameters<WorkflowScript>[0]['schedule']>[2];
const policy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };

async function oneActivity(options: Options): Promise<EngineHarness> {
  const script: WorkflowScript = function* (workflow) {
    return { ...(yield* workflow.activity('act', ['input'], options)) };
  };
  const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
  await kit.start('one', 'w');
  return kit;
}

async function reportRunning(kit: EngineHarness, job: ActivityJob, heartbeatDetails?: JsonValue, completesOutside?: boolean): Promise<void> {
  const outcome = kit.outcomeOf(job, { status: 'running', ...(completesOutside === undefined ? {} : { completesOutside }) });
  await kit.engine.deliver([{ ...outcome, ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }) }]);
  await kit.settled();
}

describe('a schedule-to-start time-out', () => {
  it('given an attempt that nobody takes, when the time is out, then the activity has timed out, is not tried again, and its job is off the queue', async () => {
    const kit = await oneActivity({ scheduleToStartTimeoutMs: 5_000 });
    await kit.advance(4_999);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.advance(1);
    expect((await kit.describe('w')).result).toMatchObject({
      failure: { activityFailureInfo: { retryState: 'NON_RETRYABLE_FAILURE' }, cause: { timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_START' } } },
    });
    expect(kit.history('w')).toContain('ACTIVITY_TASK_TIMED_OUT');
    expect(kit.history('w')).not.toContain('ACTIVITY_TASK_STARTED');
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given an attempt that began in time, when the time is out, then it goes on; each attempt has its own time, from when its pause ended', async () => {
    const kit = await oneActivity({ scheduleToStartTimeoutMs: 5_000 });
    const job = kit.dispatcher.take('act');
    expect(job.scheduleToStartTimeoutMs).toBe(5_000);
    await reportRunning(kit, job);
    await kit.advance(60_000);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.answer(job, { status: 'failed', failure: { message: 'no' } });
    await kit.advance(1_000 + 4_999);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.advance(1);
    expect((await kit.describe('w')).result).toMatchObject({ failure: { cause: { timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_START' } } } });
  });
});

describe('a heartbeat time-out', () => {
  it('given an attempt that falls silent, when the time is out, then the next one gets the last details, and the old one is told and stale', async () => {
    const kit = await oneActivity({ heartbeatTimeoutMs: 2_000 });
    const first = kit.dispatcher.take('act');
    await reportRunning(kit, first);
    await kit.advance(1_500);
    await reportRunning(kit, first, { row: 7 });
    await kit.advance(1_999);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.advance(1);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 1_000, job: { attempt: 2, heartbeatDetails: { row: 7 }, lastFailure: { timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: { row: 7 } } } } }]);
    expect([...kit.dispatcher.flagged]).toEqual([`${first.runId}-5-1-1`]);
    await reportRunning(kit, first, { row: 9 });
    await kit.answer(first, { status: 'failed', failure: { message: 'late' } });
    expect((await kit.describe('w')).activities).toMatchObject([{ attempt: 2, heartbeatDetails: { row: 7 }, attempts: [{ attempt: 1 }] }]);
    await kit.complete('act', 'done');
    expect((await kit.describe('w')).result).toMatchObject({ result: 'done' });
  });

  it('given heartbeats, when they arrive, then none of them moves the time of waking, and no event is written', async () => {
    const kit = await oneActivity({ heartbeatTimeoutMs: 2_000 });
    const job = kit.dispatcher.take('act');
    await reportRunning(kit, job);
    const { record, events } = kit.store.storedByWorkflowId('w');
    for (let beat = 0; beat < 3; beat += 1) {
      kit.clock.advance(500);
      await reportRunning(kit, job, beat);
    }
    expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBe(record.wakeAtMs);
    expect(kit.store.storedByWorkflowId('w').events.length).toBe(events.length);
    await kit.advance(500);
    expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBe(kit.clock.now() + 1_500);
    expect((await kit.describe('w')).activities).toMatchObject([{ attempt: 1, heartbeatDetails: 2, identity: 'test', lastHeartbeatAtMs: kit.clock.now() - 500 }]);
  });

  it('given no attempts left, when the time is out, then the workflow gets the details with the time-out', async () => {
    const kit = await oneActivity({ heartbeatTimeoutMs: 2_000, retryPolicy: { ...policy, maximumAttempts: 1 } });
    await reportRunning(kit, kit.dispatcher.take('act'), 'half');
    await kit.advance(2_000);
    expect((await kit.describe('w')).result).toMatchObject({
      failure: { activityFailureInfo: { retryState: 'MAXIMUM_ATTEMPTS_REACHED' }, cause: { timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: 'half' } } },
    });
  });

  it('given an engine that was away when the time was out, when it is back, then it listens for signs of life once more before it believes it', async () => {
    const kit = await oneActivity({ heartbeatTimeoutMs: 2_000 });
    await reportRunning(kit, kit.dispatcher.take('act'));
    await kit.restart();
    await kit.advance(60_000);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.advance(10_000);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2 } }]);
  });

  it('given an engine that was restarted, when recovery dispatches again, then an attempt that gives signs of life is left alone', async () => {
    const kit = await oneActivity({ heartbeatTimeoutMs: 2_000 });
    const job = kit.dispatcher.take('act');
    await reportRunning(kit, job);
    await kit.restart();
    await kit.engine.redispatch([job.runId]);
    await kit.settled();
    expect(kit.dispatcher.waiting()).toEqual([]);
  });
});

describe('a start-to-close time-out', () => {
  it('given an attempt whose worker died, when the time is out, then it is tried again as the policy says', async () => {
    const kit = await oneActivity({ startToCloseTimeoutMs: 30_000, retryPolicy: { ...policy, maximumAttempts: 2 } });
    await reportRunning(kit, kit.dispatcher.take('act'));
    await kit.advance(30_999);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.advance(1);
    const second = kit.dispatcher.take('act');
    expect(second).toMatchObject({ attempt: 2, lastFailure: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } });
    await kit.advance(1_000);
    await reportRunning(kit, second);
    await kit.advance(31_000);
    expect((await kit.describe('w')).result).toMatchObject({ failure: { activityFailureInfo: { retryState: 'MAXIMUM_ATTEMPTS_REACHED' } } });
  });

  it('given an attempt that is handed out again and again, since its worker dies each time, when the time since it first began is out, then it has timed out', async () => {
    const kit = await oneActivity({ startToCloseTimeoutMs: 10_000 });
    const job = kit.dispatcher.take('act');
    await reportRunning(kit, job);
    await kit.advance(8_000);
    await reportRunning(kit, job);
    await kit.advance(3_000);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2 } }]);
  });

  it('given an attempt of which nothing was reported, when its time is out, then the queue and the worker see to it, and nothing was written', async () => {
    const kit = await oneActivity({ startToCloseTimeoutMs: 10_000 });
    const commits = kit.store.commits.length;
    kit.dispatcher.take('act');
    await kit.advance(60_000);
    expect(kit.store.commits.length).toBe(commits);
    expect(kit.store.storedByWorkflowId('w').record.wakeAtMs).toBeUndefined();
  });
});
