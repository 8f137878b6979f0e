import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LineOutput } from './line-output.js';

const line = (level: string, msg: string): string => `{"level":"${level}","msg":"${msg}"}\n`;

describe('LineOutput', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('given lines that can wait, when 50 ms have passed, then they are written together and in order', () => {
    const written: string[] = [];
    const output = new LineOutput({ write: (text) => written.push(text) });
    output.write(line('info', 'a'));
    output.write(line('debug', 'b'));
    expect(written).toEqual([]);
    jest.advanceTimersByTime(50);
    expect(written).toEqual([line('info', 'a') + line('debug', 'b')]);
    jest.advanceTimersByTime(1_000);
    expect(written.length).toBe(1);
  });

  it('given a warning, when it comes, then it is written at once, behind what waited', () => {
    const written: string[] = [];
    const output = new LineOutput({ write: (text) => written.push(text) });
    output.write(line('info', 'a'));
    output.write(line('warn', 'b'));
    output.write(line('fatal', 'c'));
    expect(written).toEqual([line('info', 'a') + line('warn', 'b'), line('fatal', 'c')]);
  });

  it('given much that waits, when more comes, then it is written before its time', () => {
    const written: string[] = [];
    const output = new LineOutput({ write: (text) => written.push(text) });
    for (let count = 0; count < 100; count += 1) output.write(line('info', 'x'.repeat(1_000)));
    output.flush();
    expect(written.length).toBeGreaterThan(5);
    expect(written.join('')).toBe(line('info', 'x'.repeat(1_000)).repeat(100));
  });
});
