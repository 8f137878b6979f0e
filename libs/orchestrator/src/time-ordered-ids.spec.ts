import { describe, expect, it } from '@jest/globals';
import { idsConformance, ManualClock, type TestFramework } from '@backstitch/testing';
import { TimeOrderedIds } from './time-ordered-ids.js';

describe('the ids of an orchestrator', () => {
  idsConformance({ describe, it, expect } as TestFramework, () => {
    const clock = new ManualClock();
    return { ids: new TimeOrderedIds(clock), advance: () => clock.advance(1) };
  });
});
