import { describe, expect, it } from '@jest/globals';
import { DEFAULT_UNDO_RETRY_POLICY } from '@backstitch/protocol';
import { activityOptionsOnce, checkActivityOptions, ProxyOptions, resolveActivityOptions, resolveUndo, type ActivityOptions } from './activity-options.js';
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

  it('given options that were resolved once, when they come again, then they are the same; and when anything in them differs, they are resolved anew', () => {
    const usual: ActivityOptions = { startToCloseTimeout: '1 minute', retry: { maximumAttempts: 3, nonRetryableErrorTypes: ['A', 'B'] } };
    const resolved = (options: ActivityOptions, activityType = 'pay', taskQueue = 'q') => activityOptionsOnce(activityType, new ProxyOptions(options), taskQueue);
    const first = resolved(usual);
    expect(resolved(structuredClone(usual))).toBe(first);
    expect(resolved({ ...usual, heartbeatTimeout: undefined })).toBe(first);
    for (const other of [
      { ...usual, startToCloseTimeout: '2 minutes' as const },
      { ...usual, cancellationType: 'ABANDON' as const },
      { startToCloseTimeout: usual.startToCloseTimeout },
      { ...usual, retry: { maximumAttempts: 3 } },
      { ...usual, retry: { maximumAttempts: 3, nonRetryableErrorTypes: ['A'] } },
      { ...usual, retry: { maximumAttempts: 3, nonRetryableErrorTypes: ['A', 'B', 'C'] } },
    ]) {
      expect(resolved(other)).not.toBe(first);
    }
    expect(resolved(usual, 'refund').nameJson).toBe('"refund"');
    expect(resolved(usual, 'pay', 'other')).not.toBe(first);
  });

  describe('given an author who changes the options of a proxy', () => {
    const resolvedTimeout = (proxy: ProxyOptions, activityType: string): string => {
      const { optionsJson } = activityOptionsOnce(activityType, proxy, 'changed');
      // A number that stands for a text: told apart by what the same options come to.
      return [60_000, 3_600_000].map((ms) => (activityOptionsOnce(activityType, new ProxyOptions({ startToCloseTimeout: ms }), 'changed').optionsJson === optionsJson ? String(ms) : '')).join('');
    };

    it('when that is after the first call, then the change counts for nothing, whether or not the context has seen these options before', () => {
      for (const _run of ['first', 'later']) {
        const given: ActivityOptions = { startToCloseTimeout: 60_000 };
        const proxy = new ProxyOptions(given);
        expect(resolvedTimeout(proxy, 'ship')).toBe('60000');
        given.startToCloseTimeout = 3_600_000;
        expect(resolvedTimeout(proxy, 'ship')).toBe('60000');
      }
    });

    it('when another activity of the proxy is called then, then other runs get for it what they ask for', () => {
      const given: ActivityOptions = { startToCloseTimeout: 60_000, retry: { nonRetryableErrorTypes: ['A'] } };
      const proxy = new ProxyOptions(given);
      activityOptionsOnce('pack', proxy, 'changed');
      given.startToCloseTimeout = 3_600_000;
      given.retry?.nonRetryableErrorTypes?.push('B');
      const other = new ProxyOptions({ startToCloseTimeout: 60_000, retry: { nonRetryableErrorTypes: ['A'] } });
      expect(activityOptionsOnce('label', proxy, 'changed')).toBe(activityOptionsOnce('label', other, 'changed'));
      const { optionsJson } = activityOptionsOnce('pack', other, 'changed');
      expect(activityOptionsOnce('label', other, 'changed').optionsJson).toBe(optionsJson);
    });
  });

  it('given options that a prototype has a part of, when their own part is that of others, then they are resolved for themselves', () => {
    const base: ActivityOptions = { startToCloseTimeout: '1 minute' };
    class Cautious {
      readonly startToCloseTimeout = '1 minute';
      get retry() {
        return { maximumAttempts: 1 };
      }
    }
    const resolved = (options: ActivityOptions) => activityOptionsOnce('weigh', new ProxyOptions(options), 'q').optionsJson;
    const first = resolved(base);
    expect(resolved(new Cautious())).toBe(resolved({ ...base, retry: { maximumAttempts: 1 } }));
    expect(resolved(new Cautious())).not.toBe(first);
    expect(resolved(Object.create(base) as ActivityOptions)).toBe(first);
  });
});
