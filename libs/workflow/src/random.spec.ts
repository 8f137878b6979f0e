import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from './random.js';

describe('a run’s randomness', () => {
  it('given a seed, when numbers are drawn, then they are those that recorded histories were made with', () => {
    const random = new SeededRandom('0192f0c1-1111-7222-8333-444455556666');
    expect([random.next(), random.next(), random.uuid4()]).toEqual([0.39151008504694496, 0.2552299513503056, '1f8588bf-e5d4-44f7-af3d-5586ef3a7f38']);
  });

  it('given many numbers, when they are spread over ten classes, then each gets its share', () => {
    const random = new SeededRandom('spread');
    const classes = new Array<number>(10).fill(0);
    for (let drawn = 0; drawn < 100_000; drawn++) {
      const index = Math.floor(random.next() * 10);
      classes[index] = (classes[index] ?? 0) + 1;
    }
    // Nine classes of freedom: 27.9 is passed once in a thousand.
    const chiSquare = classes.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('given seeds that differ in one character, when numbers are drawn, then they have nothing in common', () => {
    const drawn = new Set(['run-1', 'run-2', 'run-3', '1-run'].map((seed) => new SeededRandom(seed).next()));
    expect(drawn.size).toBe(4);
  });
});
