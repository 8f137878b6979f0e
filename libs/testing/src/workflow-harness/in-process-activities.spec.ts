import { describe, expect, it } from '@jest/globals';
import { cancellationSignal } from '@backstitch/activity';
import type { ActivityJob } from '@backstitch/protocol';
import { dispatcherConformance } from '../dispatcher-conformance.js';
import type { TestFramework } from '../test-framework.js';
import { HarnessClock } from './harness-clock.js';
import { InProcessActivities } from './in-process-activities.js';

describe('InProcessActivities', () => {
  dispatcherConformance({ describe, it, expect } as TestFramework, async () => {
    const clock = new HarnessClock(false, async () => undefined);
    const activities = new InProcessActivities(clock, 'secret of the specs', () => undefined, async () => undefined);
    let signal: AbortSignal | undefined;
    return {
      dispatcher: activities,
      taskQueue: 'inventory',
      waiting: async (taskQueue) => activities.waiting(taskQueue).map(({ job }) => job),
      take: async (taskQueue) => {
        const [found] = activities.waiting(taskQueue);
        await new Promise<void>((resolve) => {
          const act = async (): Promise<void> => {
            signal = cancellationSignal();
            resolve();
            await new Promise(() => undefined);
          };
          activities.serve({ taskQueue, identity: 'spec', activities: new Map([['act', act]]) });
        });
        return found?.job as ActivityJob;
      },
      isAskedToStop: async () => signal?.aborted === true,
      unreachable: async () => undefined,
      dispose: async () => clock.close(),
    };
  });
});
