import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, LIMITS } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const policy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };

function oneActivity(options: Parameters<Parameters<WorkflowScript>[0]['schedule']>[2] = {}): EngineHarness {
  const script: WorkflowScript = function* (workflow) {
    return { ...(yield* workflow.activity('act', ['input'], options)) };
  };
  return new EngineHarness(new ScriptedSandbox({ one: script }));
}

describe('attempts of an activity', () => {
  it('given an attempt that fails, when its outcome arrives, then the next is dispatched after the backoff, and no event is written', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const eventsBefore = kit.history('w').length;
    for (const [attempt, delayMs] of [[1, 1_000], [2, 2_000], [3, 4_000]] as const) {
      await kit.fail('act', { message: `failure ${attempt}` });
      expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs, job: { attempt: attempt + 1, dispatch: 1, lastFailure: { message: `failure ${attempt}` } } }]);
    }
    expect(kit.history('w').length).toBe(eventsBefore);
    const { activities } = await kit.describe('w');
    expect(activities).toMatchObject([
      {
        status: 'BACKING_OFF',
        attempt: 4,
        lastFailure: { message: 'failure 3' },
        nextAttemptAtMs: kit.clock.now() + 4_000,
        attempts: [{ attempt: 1 }, { attempt: 2 }, { attempt: 3, failure: { message: 'failure 3' } }],
      },
    ]);
    kit.clock.advance(4_000);
    expect((await kit.describe('w')).activities).toMatchObject([{ status: 'SCHEDULED' }]);
    await kit.complete('act', 'at last');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: { status: 'completed', result: 'at last' }, activities: [{ attempt: 4 }] });
    expect(kit.store.storedByWorkflowId('w').attempts).toEqual([]);
    expect(kit.told('attemptFailed').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('given every attempt of an activity, when keys are compared, then they are one, and job ids differ', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const first = await kit.fail('act');
    const second = await kit.fail('act');
    expect(second.key).toBe(first.key);
    expect([first.attempt, second.attempt]).toEqual([1, 2]);
  });

  it('given an attempt that failed with heartbeat details, when the next is dispatched, then it gets them', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const outcome = kit.outcomeOf(kit.dispatcher.take('act'), { status: 'failed', failure: { message: 'no' } });
    await kit.engine.deliver([{ ...outcome, heartbeatDetails: { row: 7 } }]);
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2, heartbeatDetails: { row: 7 } } }]);
  });

  it('given more failures than are kept, when the run is described, then the ten newest are shown', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await kit.fail('act');
    }
    expect((await kit.describe('w')).activities[0]?.attempts?.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it.each([
    ['says so', { nonRetryable: true }, 'NON_RETRYABLE_FAILURE'],
    ['is of a type that the policy names', { type: 'Fatal' }, 'NON_RETRYABLE_FAILURE'],
  ])('given a failure that %s, when it arrives, then no attempt follows and the workflow gets it', async (_, applicationFailureInfo, retryState) => {
    const kit = oneActivity({ retryPolicy: { ...policy, nonRetryableErrorTypes: ['Fatal'] } });
    await kit.start('one', 'w');
    await kit.fail('act', { message: 'no', applicationFailureInfo });
    expect((await kit.describe('w')).result).toMatchObject({
      status: 'failed',
      failure: { message: 'Activity task failed', cause: { message: 'no' }, activityFailureInfo: { activityType: 'act', activityId: '1', scheduledEventId: 5, retryState } },
    });
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given a maximum of two attempts, when both fail, then the activity has failed', async () => {
    const kit = oneActivity({ retryPolicy: { ...policy, maximumAttempts: 2 } });
    await kit.start('one', 'w');
    await kit.fail('act');
    await kit.fail('act');
    expect((await kit.describe('w')).result).toMatchObject({ failure: { activityFailureInfo: { retryState: 'MAXIMUM_ATTEMPTS_REACHED' } } });
    expect(kit.store.storedByWorkflowId('w').events).toContainEqual(expect.objectContaining({ eventType: 'ACTIVITY_TASK_STARTED', attributes: expect.objectContaining({ attempt: 2, lastFailure: { message: 'refused' } }) }));
  });

  it('given a failure that names its own delay, when it arrives, then the next attempt is delayed by it', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    await kit.fail('act', { message: 'busy', applicationFailureInfo: { nextRetryDelayMs: 123_456 } });
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 123_456 }]);
  });

  it('given a time-out of an attempt, when no attempts are left, then the activity has timed out', async () => {
    const kit = oneActivity({ retryPolicy: { ...policy, maximumAttempts: 1 } });
    await kit.start('one', 'w');
    await kit.fail('act', { message: 'too slow', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } });
    expect(kit.history('w')).toContain('ACTIVITY_TASK_TIMED_OUT');
    expect((await kit.describe('w')).result).toMatchObject({ failure: { cause: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } } });
  });

  it('given a schedule-to-close time-out, when the next attempt would begin after it, then none does', async () => {
    const kit = oneActivity({ scheduleToCloseTimeoutMs: 2_500 });
    await kit.start('one', 'w');
    await kit.fail('act');
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { scheduleToCloseDeadlineMs: kit.clock.now() + 2_500 } }]);
    kit.clock.advance(1_000);
    await kit.fail('act');
    expect((await kit.describe('w')).result).toMatchObject({ failure: { activityFailureInfo: { retryState: 'TIMEOUT' } } });
  });

  it('given a schedule-to-close time-out, when no outcome ever comes, then the clock ends the activity', async () => {
    const kit = oneActivity({ scheduleToCloseTimeoutMs: 2_500 });
    await kit.start('one', 'w');
    expect(kit.told('wakeAt')).toEqual([kit.clock.now() + 2_500]);
    await kit.advance(2_499);
    expect((await kit.describe('w')).status).toBe('RUNNING');
    await kit.advance(1);
    expect((await kit.describe('w')).result).toMatchObject({ failure: { cause: { timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_CLOSE' } } } });
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given an outcome delivered twice, when the second arrives, then it is answered and changes nothing', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const job = await kit.complete('act', 'first');
    const commits = kit.store.commits.length;
    await kit.answer(job, { status: 'completed', result: 'second' });
    expect(kit.store.commits.length).toBe(commits);
    expect((await kit.describe('w')).result).toMatchObject({ result: 'first' });
  });

  it('given both deliveries of an outcome in one batch, when they are applied, then the activity closes once', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const job = kit.dispatcher.take('act');
    const outcome = kit.outcomeOf(job, { status: 'completed', result: null });
    await kit.engine.deliver([outcome, outcome]);
    expect(kit.history('w').filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length).toBe(1);
  });

  it('given a second attempt under way, when the first fails late, then it is ignored; when it completes late, it counts', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const first = await kit.fail('act');
    await kit.answer(first, { status: 'failed', failure: { message: 'again' } });
    expect((await kit.describe('w')).activities).toMatchObject([{ attempt: 2, lastFailure: { message: 'refused' } }]);
    await kit.answer(first, { status: 'completed', result: 'after all' });
    expect((await kit.describe('w')).result).toMatchObject({ status: 'completed', result: 'after all' });
  });

  it('given outcomes for runs and activities that do not exist, when they are delivered, then they are answered', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    const job = kit.dispatcher.take('act');
    const outcome = kit.outcomeOf(job, { status: 'completed', result: null });
    await kit.engine.deliver([
      { ...outcome, runId: 'gone' },
      { ...outcome, scheduledEventId: 999 },
      { ...outcome, scheduledEventId: 2 },
    ]);
    expect((await kit.describe('w')).status).toBe('RUNNING');
  });

  it('given a result larger than a payload may be, when it arrives, then the activity has failed for good', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    await kit.complete('act', 'x'.repeat(LIMITS.payloadBytesMax));
    expect((await kit.describe('w')).result).toMatchObject({ failure: { cause: { applicationFailureInfo: { type: 'BackstitchPayloadTooLarge', nonRetryable: true } } } });
  });

  it('given a worker that gave an attempt up though nobody asked, when it says so, then the activity is tried again', async () => {
    const kit = oneActivity();
    await kit.start('one', 'w');
    await kit.answer(kit.dispatcher.take('act'), { status: 'canceled' });
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2 } }]);
  });
});
