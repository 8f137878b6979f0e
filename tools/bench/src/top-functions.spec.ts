import { describe, expect, it } from '@jest/globals';
import { roomOf, roomTimes, selfTimes, type CpuProfile } from './top-functions.mjs';

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4, columnNumber: 0 });
const WORKSPACE = new URL('../../../', import.meta.url);
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', '') },
    { id: 2, callFrame: frame('(idle)', '') },
    { id: 3, callFrame: frame('add', new URL('node_modules/bullmq/dist/queue.js', WORKSPACE).href) },
    { id: 4, callFrame: frame('append', new URL('libs/engine/src/run.ts', WORKSPACE).pathname) },
    { id: 5, callFrame: frame('add', new URL('node_modules/bullmq/dist/queue.js', WORKSPACE).href) },
  ],
  samples: [2, 3, 4, 5, 3],
  timeDeltas: [90_000, 1_000, 5_000, 2_000, 500],
};

describe('the top functions of a profile', () => {
  it('given samples of one function at several places of the tree, then they are summed up, and waiting is left out', () => {
    expect(selfTimes(profile)).toEqual([
      { name: 'append libs/engine/src/run.ts:5', selfMs: 5 },
      { name: 'add bullmq/dist/queue.js:5', selfMs: 3.5 },
    ]);
  });

  it('given time spent in Node itself, then it is that of the package that called it', () => {
    const calling: CpuProfile = {
      nodes: [
        { id: 1, callFrame: frame('(root)', ''), children: [2, 4] },
        { id: 2, callFrame: frame('send', new URL('node_modules/ioredis/built/Redis.js', WORKSPACE).href), children: [3] },
        { id: 3, callFrame: frame('writev', '') },
        { id: 4, callFrame: frame('(garbage collector)', '') },
      ],
      samples: [2, 3, 4],
      timeDeltas: [1_000, 4_000, 2_000],
    };
    expect(roomTimes(calling)).toEqual([
      { name: 'ioredis', selfMs: 5 },
      { name: '(garbage collector)', selfMs: 2 },
    ]);
  });

  it('given a place, then its package or library is told', () => {
    expect(selfTimes(profile, roomOf).map(({ name }) => name)).toEqual(['libs/engine', 'bullmq']);
    expect(roomOf(frame('writev', ''))).toBe('(native)');
    expect(roomOf(frame('(garbage collector)', ''))).toBe('(garbage collector)');
    expect(roomOf(frame('emit', 'node:events'))).toBe('node');
    expect(roomOf(frame('x', new URL('node_modules/@nestjs/core/index.js', WORKSPACE).href))).toBe('@nestjs/core');
  });
});
