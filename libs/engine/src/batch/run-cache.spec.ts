import { describe, expect, it } from '@jest/globals';
import { emptyRunState } from '../run/run-state.js';
import { RunCache } from './run-cache.js';

const state = (number: number) => emptyRunState({ workflowId: `w${number}`, runId: `r${number}`, partition: 0, requestFingerprint: '' });

describe('the cache of runs', () => {
  it('given more runs than it holds, when it shrinks, then the least recently used go, save those in use', () => {
    const cache = new RunCache(2);
    [1, 2, 3, 4, 5].forEach((number) => cache.set(state(number)));
    cache.get('r1');
    expect(cache.shrink((runId) => runId === 'r2')).toEqual(['r3', 'r4', 'r5']);
    expect([cache.size, cache.runIdOf('w1'), cache.runIdOf('w2'), cache.runIdOf('w3')]).toEqual([2, 'r1', 'r2', undefined]);
    expect(cache.shrink(() => false)).toEqual([]);
  });

  it('given a run, when it is deleted, then it is found by neither id', () => {
    const cache = new RunCache(2);
    cache.set(state(1));
    cache.delete('r1');
    expect([cache.get('r1'), cache.stateOf('w1'), cache.size]).toEqual([undefined, undefined, 0]);
  });
});
