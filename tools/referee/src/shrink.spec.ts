import { describe, expect, it } from '@jest/globals';
import { smallerThan } from './shrink.mjs';

const step = (name: string) => ({ do: 'activity', name });
const program = (body: object[]) => ({ body, onSignal: [], onUpdate: [], waitsForHandlers: false });

describe('programs with one thing less', () => {
  it('given two steps, then each is left out once', () => {
    expect(smallerThan(program([step('a'), step('b')])).map(({ body }) => body)).toEqual([[step('b')], [step('a')]]);
  });

  it('given a step around others, then it goes, its blocks stand in its place, and what is in them goes', () => {
    const bodies = smallerThan(program([{ do: 'all', branches: [[step('a')], [step('b')]] }])).map(({ body }) => body);
    expect(bodies).toEqual(
      expect.arrayContaining([[], [step('a')], [step('b')], [{ do: 'all', branches: [[step('b')]] }], [{ do: 'all', branches: [[], [step('b')]] }]]),
    );
  });
});
