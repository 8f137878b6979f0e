import { describe, expect, it } from '@jest/globals';
import { DEFAULT_UNDO_RETRY_POLICY } from '@backstitch/protocol';
import { checkActivityOptions, resolveActivityOptions, resolveUndo } from './activity-options.js';
import { durationToMs, type Duration } from './duration.js';

describe('activity options', () => {
  it.each<[Duration, number]>([
    ['1 minute', 60_000],
    ['90s', 90_000],
    ['2 days', 172_800_000],
    [1.2, 2],
    [0, 0],
  ])('given the duration %s, when it is read, then it is %d ms', (duration, expected) => {
    expect(durationToMs(duration, 'x')).toBe(expected);
  });

  it.each<Duration>([-1, NaN, Infinity, 'soon' as never, '-1 minute', null as never])('given %s, when it is read as a duration, then it is refused by name', (duration) => {
    expect(() => durationToMs(duration, 'heartbeatTimeout')).toThrow(/heartbeatTimeout must be a duration/);
  });

  it('given every option, when they are resolved, then all are in milliseconds and nothing is left out', () => {
    expect(
      resolveActivityOptions(
        {
          taskQueue: 'q',
          startToCloseTimeout: '1s',
          scheduleToCloseTimeout: '1m',
          scheduleToStartTimeout: '2m',
          heartbeatTimeout: 500,
          retry: { initialInterval: '2s', maximumAttempts: Infinity, nonRetryableErrorTypes: ['T'], jitter: 0 },
          cancellationType: 'ABANDON',
        },
        'default',
      ),
    ).toEqual({
      taskQueue: 'q',
      startToCloseTimeoutMs: 1_000,
      scheduleToCloseTimeoutMs: 60_000,
      scheduleToStartTimeoutMs: 120_000,
      heartbeatTimeoutMs: 500,
      retryPolicy: { initialIntervalMs: 2_000, backoffCoefficient: 2, maximumIntervalMs: 200_000, maximumAttempts: 0, nonRetryableErrorTypes: ['T'], jitter: 0 },
      cancellationType: 'ABANDON',
    });
    expect(resolveActivityOptions({ startToCloseTimeout: 1 }, 'default').taskQueue).toBe('default');
  });

  it.each([
    [{}, /startToCloseTimeout or scheduleToCloseTimeout/],
    [{ startToCloseTimeout: 1, cancellationType: 'MAYBE' as never }, /cancellationType/],
    [{ startToCloseTimeout: 1, retry: { backoffCoefficient: 0.5 } }, /backoffCoefficient/],
    [{ startToCloseTimeout: 1, retry: { maximumAttempts: 0 } }, /maximumAttempts/],
    [{ startToCloseTimeout: 1, retry: { jitter: 2 } }, /jitter/],
  ])('given options out of range (%j), when they are checked, then the option is named', (options, message) => {
    expect(() => checkActivityOptions(options)).toThrow(message);
  });

  it('given an undo, when it is resolved, then its queue is the compensation queue of the step and it is retried for ever', () => {
    expect(resolveUndo('release', { startToCloseTimeout: '10s' }, 'inventory')).toEqual({
      activityType: 'release',
      taskQueue: 'inventory.compensation',
      startToCloseTimeoutMs: 10_000,
      retryPolicy: DEFAULT_UNDO_RETRY_POLICY,
    });
    expect(resolveUndo('release', { startToCloseTimeout: 1, taskQueue: 'other' }, 'inventory').taskQueue).toBe('other');
  });

  it('given an undo that would give up after a time, when it is resolved, then it is refused', () => {
    expect(() => resolveUndo('release', { scheduleToCloseTimeout: '1h' }, 'inventory')).toThrow(/release must not have scheduleToCloseTimeout/);
  });
});
