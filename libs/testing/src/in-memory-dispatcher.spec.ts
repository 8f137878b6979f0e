import { describe, expect, it } from '@jest/globals';
import { activityJobId } from '@backstitch/protocol';
import { dispatcherConformance } from './dispatcher-conformance.js';
import { InMemoryDispatcher } from './in-memory-dispatcher.js';

describe('InMemoryDispatcher', () => {
  dispatcherConformance({ describe, it, expect }, async () => {
    const dispatcher = new InMemoryDispatcher();
    return {
      dispatcher,
      taskQueue: 'inventory',
      waiting: async (taskQueue) => dispatcher.waiting(taskQueue).map(({ job }) => job),
      take: async () => dispatcher.take(),
      isAskedToStop: async (_, job) => dispatcher.flagged.has(activityJobId(job)),
      unreachable: async () => Object.assign(new InMemoryDispatcher(), { unreachable: true }),
      dispose: async () => undefined,
    };
  });
});
