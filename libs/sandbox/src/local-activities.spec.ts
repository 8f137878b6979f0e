import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { DEFAULT_RETRY_POLICY } from '@backstitch/protocol';
import { cancel, completed, DrivenRun, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('local activities, and activities by name', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given a local activity, when it is called and completes, then its command has its options and its result counts', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advance(initialize('localActivityWorkflow'))).toEqual([
      {
        type: 'scheduleLocalActivity',
        seq: 1,
        activityType: 'look',
        args: ['here'],
        options: { startToCloseTimeoutMs: 1_000, retryPolicy: { ...DEFAULT_RETRY_POLICY, maximumAttempts: 3 }, cancellationType: 'WAIT_CANCELLATION_COMPLETED' },
        summary: 'a look',
      },
    ]);
    expect(await run.advanceInShort({ type: 'resolveLocalActivity', seq: 1, resolution: { status: 'completed', result: 'seen' } })).toEqual(['complete "seen"']);
  });

  it('given a local activity that must wait long for its next attempt, when that is told, then the workflow waits itself and goes on counting', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('localActivityWorkflow'));
    const backoff = { status: 'backoff', attempt: 2, delayMs: 90_000, originalScheduleTimeMs: 5 } as const;
    expect(await run.advanceInShort({ type: 'resolveLocalActivity', seq: 1, resolution: backoff })).toEqual(['timer #1 90000']);
    expect(await run.advance(fired(1))).toMatchObject([{ type: 'scheduleLocalActivity', seq: 2, attempt: 2, originalScheduleTimeMs: 5 }]);
    const failure = { message: 'refused', applicationFailureInfo: {} };
    expect(await run.advanceInShort({ type: 'resolveLocalActivity', seq: 2, resolution: { status: 'failed', failure } })).toEqual(['complete "look"']);
  });

  it('given a local activity under way, when the workflow is cancelled, then it is asked to stop', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('localActivityWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel local #1']);
  });

  it.each([
    ['WAIT_CANCELLATION_COMPLETED', []],
    ['TRY_CANCEL', ['complete "ActivityFailure ← CancelledFailure"']],
    ['ABANDON', ['complete "ActivityFailure ← CancelledFailure"']],
  ])('given a local activity that is begun and cancelled at once (%s), when commands are collected, then both are told, since its end is recorded all the same', async (type, rest) => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('cancelledLocalWorkflow', [type]))).toEqual(['local look #1', 'cancel local #1', ...rest]);
  });

  it('given activities by name and with options of the call, when they are scheduled, then all options are told, and results come by number', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advance(initialize('byNameWorkflow'))).toMatchObject([
      {
        seq: 1,
        activityType: 'charge',
        activityId: 'charge-1',
        summary: 'takes the money',
        options: { taskQueue: 'shop', startToCloseTimeoutMs: 60_000, heartbeatTimeoutMs: 5_000, scheduleToStartTimeoutMs: 3_600_000, scheduleToCloseTimeoutMs: 7_200_000 },
      },
      { type: 'scheduleLocalActivity', seq: 2, activityType: 'look', options: { scheduleToCloseTimeoutMs: 3_000 } },
      { seq: 3, activityType: 'reserve', options: { startToCloseTimeoutMs: 30_000, retryPolicy: { maximumAttempts: 1, initialIntervalMs: 2_000 } } },
    ]);
    expect(await run.advanceInShort(completed(3, 'r'), completed(1, 'c'), { type: 'resolveLocalActivity', seq: 2, resolution: { status: 'completed', result: 'l' } })).toEqual(['complete ["c","l","r"]']);
  });
});
