import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@backstitch/protocol';
import { InMemoryLocalActivities } from './in-memory-local-activities.js';
import { localActivitiesConformance } from './local-activities-conformance.js';
import { ManualClock } from './manual-clock.js';
import type { TestFramework } from './test-framework.js';

describe('InMemoryLocalActivities', () => {
  localActivitiesConformance({ describe, it, expect } as TestFramework, async (functions) => {
    const clock = new ManualClock();
    const localActivities = new InMemoryLocalActivities(clock);
    for (const [name, run] of Object.entries(functions)) {
      localActivities.functions.set(name, (info, signal, ...args) => run({ info, signal }, ...args) as JsonValue);
    }
    const advance = async (durationMs: number): Promise<void> => {
      clock.advance(durationMs);
      localActivities.timePassed();
    };
    return { localActivities, advance, dispose: async () => undefined };
  });
});
