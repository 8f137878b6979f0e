import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, DEFAULT_UNDO_RETRY_POLICY, resolveRetryPolicy } from './retry-policy.js';

describe('retry policies', () => {
  it('given no policy, when it is resolved, then the defaults hold', () => {
    expect(resolveRetryPolicy(undefined)).toEqual(DEFAULT_RETRY_POLICY);
    expect(resolveRetryPolicy({}, DEFAULT_UNDO_RETRY_POLICY)).toEqual(DEFAULT_UNDO_RETRY_POLICY);
    expect(DEFAULT_UNDO_RETRY_POLICY).toMatchObject({ maximumAttempts: 0, maximumIntervalMs: 60_000 });
  });

  it('given another first pause, when the policy is resolved, then the longest follows it, save for undos', () => {
    expect(resolveRetryPolicy({ initialIntervalMs: 10 }).maximumIntervalMs).toBe(1_000);
    expect(resolveRetryPolicy({ initialIntervalMs: 10, maximumIntervalMs: 50 }).maximumIntervalMs).toBe(50);
    expect(resolveRetryPolicy({ initialIntervalMs: 10 }, DEFAULT_UNDO_RETRY_POLICY).maximumIntervalMs).toBe(60_000);
    expect(resolveRetryPolicy({ initialIntervalMs: 90_000 }, DEFAULT_UNDO_RETRY_POLICY).maximumIntervalMs).toBe(90_000);
  });
});
