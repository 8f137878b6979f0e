import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure, TimeoutFailure } from '../index.js';
import { toFailure } from './to-failure.js';

describe('toFailure', () => {
  it('given an application failure, when it becomes data, then type, details, delay and causes are there', () => {
    const failure = toFailure(
      ApplicationFailure.create({ message: 'No.', type: 'OutOfStock', nonRetryable: true, details: [{ sku: 'A' }], nextRetryDelay: 500, cause: new TypeError('why') }),
    );
    expect(failure).toMatchObject({
      message: 'No.',
      stackTrace: expect.stringContaining('to-failure.spec'),
      applicationFailureInfo: { type: 'OutOfStock', nonRetryable: true, details: [{ sku: 'A' }], nextRetryDelayMs: 500 },
      cause: { message: 'why', applicationFailureInfo: { type: 'TypeError', nonRetryable: false } },
    });
  });

  it('given any other error, when it becomes data, then it is retryable and its class is its type', () => {
    expect(toFailure(new RangeError('x'))).toMatchObject({ message: 'x', applicationFailureInfo: { type: 'RangeError', nonRetryable: false } });
  });

  it.each([
    ['a string', 'just text', 'just text'],
    ['an object', { code: 7 }, '{"code":7}'],
    ['undefined', undefined, 'undefined'],
  ])('given %s thrown, when it becomes data, then its message tells', (_what, thrown, message) => {
    expect(toFailure(thrown).message).toBe(message);
  });

  it('given cancellation and time-out, when they become data, then they say so', () => {
    expect(toFailure(new CancelledFailure('off', ['a'])).canceledFailureInfo).toEqual({ details: ['a'] });
    expect(toFailure(new TimeoutFailure('late', 3, 'HEARTBEAT')).timeoutFailureInfo).toEqual({ timeoutType: 'HEARTBEAT', lastHeartbeatDetails: 3 });
  });

  it('given causes in a circle and huge texts, when they become data, then the data is bounded', () => {
    const error = new Error('m'.repeat(100_000));
    error.cause = error;
    const json = JSON.stringify(toFailure(error));
    expect(json.length).toBeLessThan(200_000);
    const details = toFailure(ApplicationFailure.nonRetryable('x', 'T', 'd'.repeat(1_000_000))).applicationFailureInfo?.details;
    expect(details).toEqual([expect.stringContaining('left out')]);
  });
});
