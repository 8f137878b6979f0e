import { describe, expect, it } from '@jest/globals';
import { historyStoreConformance } from './history-store-conformance.js';
import { InMemoryHistoryStore } from './in-memory-history-store.js';

describe('InMemoryHistoryStore', () => {
  historyStoreConformance({ describe, it, expect }, async () => ({
    store: new InMemoryHistoryStore(),
    unreachable: async () => Object.assign(new InMemoryHistoryStore(), { unavailable: true }),
    dispose: async () => undefined,
  }));
});
