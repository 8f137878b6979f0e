import { describe, expect, it } from '@jest/globals';
import { historyStoreConformance } from '../history-store-conformance.js';
import { CourseHistoryStore } from './course-history-store.js';

describe('CourseHistoryStore', () => {
  historyStoreConformance({ describe, it, expect }, async () => ({
    store: new CourseHistoryStore(),
    unreachable: async () => Object.assign(new CourseHistoryStore(), { isReachable: false }),
    dispose: async () => undefined,
  }));
});
