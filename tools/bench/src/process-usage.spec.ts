import { describe, expect, it } from '@jest/globals';
import { parseMemory, parseStat, readProcessTable, treeMemoryMiB, treeSeconds, withNanoseconds } from './process-usage.mjs';

/** Fields of /proc/<pid>/stat up to the children's times. */
const stat = (parent: number, [user, system, reapedUser, reapedSystem]: number[]) =>
  `4711 (post (gres) 1) S ${parent} 1 1 0 -1 4194304 100 0 0 0 ${user} ${system} ${reapedUser} ${reapedSystem} 20 0 1 0 1308825`;

describe('CPU accounting', () => {
  it('given a command with parentheses and spaces in its name, then parent and times are read', () => {
    expect(parseStat(stat(12, [150, 50, 30, 20]))).toEqual({ parent: 12, ownSeconds: 2, reapedSeconds: 0.5 });
  });

  it('given a process too short for hundredths, then the nanoseconds of its main thread count', () => {
    const times = parseStat(stat(1, [0, 0, 0, 0]));
    expect(withNanoseconds(times, '8500000 77 9\n').ownSeconds).toBeCloseTo(0.0085, 6);
  });

  it('given a process of many threads, then the time of all of them counts', () => {
    expect(withNanoseconds(parseStat(stat(1, [300, 0, 0, 0])), '1000000000 77 9\n').ownSeconds).toBe(3);
  });

  it('given a server with children, living and reaped, then all of them count, and nobody else', () => {
    const table = new Map([
      [10, { parent: 1, ownSeconds: 1, reapedSeconds: 0 }],
      [11, { parent: 10, ownSeconds: 2, reapedSeconds: 4 }],
      [12, { parent: 11, ownSeconds: 8, reapedSeconds: 0 }],
      [13, { parent: 11, ownSeconds: 16, reapedSeconds: 0 }],
      [20, { parent: 1, ownSeconds: 100, reapedSeconds: 0 }],
    ]);
    expect(treeSeconds([10, 20, 99], table)).toEqual([31, 100, 0]);
  });

  it('given a child that ends, then the sum does not fall', () => {
    const before = new Map([
      [10, { parent: 1, ownSeconds: 1, reapedSeconds: 0 }],
      [11, { parent: 10, ownSeconds: 5, reapedSeconds: 0 }],
    ]);
    const after = new Map([[10, { parent: 1, ownSeconds: 1.5, reapedSeconds: 5 }]]);
    expect(treeSeconds([10], before)).toEqual([6]);
    expect(treeSeconds([10], after)).toEqual([6.5]);
  });

  it('given this machine, then this process has worked and holds memory', () => {
    expect(treeSeconds([process.pid], readProcessTable())[0]).toBeGreaterThan(0);
    expect(treeMemoryMiB(process.pid)).toBeGreaterThan(1);
  });

  it('given a status file, then its sizes are MiB', () => {
    expect(parseMemory('Name:\tnode\nVmHWM:\t  204800 kB\nRssAnon:\t  102400 kB\nRssShmem:\t    2048 kB\n')).toEqual({ peakMiB: 200, anonymousMiB: 100, sharedMiB: 2 });
  });
});
