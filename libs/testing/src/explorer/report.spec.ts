import { describe, expect, it } from '@jest/globals';
import { storyOf, STORY_MAX } from './report.js';

const line = (index: number, isEvent = false): { atMs: number; text: string; isEvent: boolean } => ({ atMs: index * 1_000, text: `line ${index}.`, isEvent });

describe('a story', () => {
  it('given few lines, when it is told, then all are told, with their times, and what the schedule did is marked', () => {
    expect(storyOf([line(0), line(1, true), { atMs: 90_000, text: 'late.', isEvent: false }, { atMs: 7_200_000, text: 'later.', isEvent: false }])).toEqual([
      ' 0.000 s    line 0.',
      ' 1.000 s  ! line 1.',
      ' 1.5 min    late.',
      '   2.0 h    later.',
    ]);
  });

  it('given many lines, when it is told, then the schedule’s, the first and the last are among those told, and how many are left out is said', () => {
    const lines = Array.from({ length: 100 }, (_, index) => line(index, index === 30 || index === 70));
    const told = storyOf(lines);
    expect(told).toHaveLength(STORY_MAX);
    for (const wanted of ['line 0.', 'line 30.', 'line 70.', 'line 99.']) {
      expect(told.some((text) => text.includes(wanted))).toBe(true);
    }
    const left = told.reduce((sum, text) => sum + Number(/before it, (\d+) more/.exec(text)?.[1] ?? 0), 0);
    expect(told.length + left).toBe(lines.length);
  });

  it('given more events than a story has room for, when it is told, then it keeps to its length', () => {
    expect(storyOf(Array.from({ length: 40 }, (_, index) => line(index, true)))).toHaveLength(STORY_MAX);
  });
});
