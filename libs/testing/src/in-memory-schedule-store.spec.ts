import { describe, expect, it } from '@jest/globals';
import { InMemoryScheduleStore } from './in-memory-schedule-store.js';
import { scheduleStoreConformance, timersConformance } from './schedule-store-conformance.js';
import type { TestFramework } from './test-framework.js';
import { HarnessClock } from './workflow-harness/harness-clock.js';

describe('InMemoryScheduleStore', () => {
  scheduleStoreConformance({ describe, it, expect } as TestFramework, async () => ({ store: new InMemoryScheduleStore(), dispose: async () => undefined }));
});

describe('timers in simulated time', () => {
  timersConformance({ describe, it, expect } as TestFramework, () => {
    const clock = new HarnessClock(true, async () => undefined);
    const pass = async (durationMs: number): Promise<void> => {
      const release = clock.wishToSleep();
      await clock.sleep(durationMs).finally(release);
    };
    return { timers: clock, nowMs: () => clock.now(), pass, dispose: () => clock.close() };
  });
});
