import { describe, expect, it } from '@jest/globals';
import { derivedRunId } from './derived-run-id.js';

const RUN = '01977d3c-8a2f-7b11-9c3d-5e6f708192a3';

describe('derivedRunId', () => {
  it('given a run and an event, when the id is made twice, then it is the same UUID, of the same time and of version 8', () => {
    const id = derivedRunId(RUN, 5);
    expect(id).toBe(derivedRunId(RUN, 5));
    expect(id).toMatch(/^01977d3c-8a2f-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('given many runs, events and generations, when ids are made, then all differ', () => {
    const ids = new Set<string>();
    let made = 0;
    for (let run = 0; run < 40; run += 1) {
      const runId = `00000001-0000-7000-8000-${run.toString(16).padStart(12, '0')}`;
      for (let event = 1; event <= 40; event += 1) {
        const child = derivedRunId(runId, event);
        ids.add(child);
        made += 1;
        for (let second = 1; second <= 5; second += 1) {
          ids.add(derivedRunId(child, second));
          made += 1;
        }
      }
    }
    expect(ids.size).toBe(made);
    expect(derivedRunId('no uuid', 1)).not.toBe(derivedRunId('no uuid', 2));
  });
});
