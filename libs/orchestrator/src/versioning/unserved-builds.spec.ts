import { describe, expect, it } from '@jest/globals';
import type { ServiceNote } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import { lookForUnservedBuilds } from './unserved-builds.js';

describe('the look for builds that nobody runs', () => {
  it('given whole pages of incidents that are still there after their runs were told, when a replica runs the build again, then each run is told once and the look ends', async () => {
    const open = ['a', 'b', 'c', 'd'];
    const told: ServiceNote[] = [];
    let pages = 0;
    await lookForUnservedBuilds({
      clock: { now: () => 0 },
      engine: { noteService: async (notes) => void told.push(...notes) },
      builds: {
        waiting: async () => [],
        currentWaiting: async () => undefined,
        dueRuns: async () => [],
        servedAgain: async (afterRunId, limit) => {
          pages += 1;
          if (pages > 10) throw new Error('the look does not end');
          return open.filter((runId) => afterRunId === undefined || runId > afterRunId).slice(0, limit);
        },
      },
      logger: {} as OrchestratorLogger,
      notServedAfterMs: 1,
      pageSize: 2,
    });
    expect(told).toEqual(open.map((runId) => ({ type: 'buildServed', runId })));
  });
});
