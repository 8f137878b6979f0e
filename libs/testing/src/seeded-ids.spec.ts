import { describe, expect, it } from '@jest/globals';
import { idsConformance } from './ids-conformance.js';
import { SeededIds } from './seeded-ids.js';
import type { TestFramework } from './test-framework.js';

describe('SeededIds', () => {
  idsConformance({ describe, it, expect } as TestFramework, () => ({ ids: new SeededIds(7), advance: () => undefined }));

  it('given one seed, when ids are made twice, then they are the same; those of another seed are others', () => {
    const made = (seed: number): unknown[] => {
      const ids = new SeededIds(seed);
      return [ids.runId(), ids.random(), ids.runId(), ids.random()];
    };
    expect(made(5)).toEqual(made(5));
    expect(made(5)).not.toEqual(made(6));
  });
});
