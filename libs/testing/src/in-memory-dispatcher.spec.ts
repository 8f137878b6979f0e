import { describe, expect, it } from '@jest/globals';
import { dispatcherConformance } from './dispatcher-conformance.js';
import { InMemoryDispatcher } from './in-memory-dispatcher.js';

describe('InMemoryDispatcher', () => {
  dispatcherConformance({ describe, it, expect }, async () => {
    const dispatcher = new InMemoryDispatcher();
    return { dispatcher, taskQueue: 'inventory', waiting: async (taskQueue) => dispatcher.waiting(taskQueue).map(({ job }) => job), dispose: async () => undefined };
  });
});
