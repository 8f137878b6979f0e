import { describe, expect, it } from '@jest/globals';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Audit } from './audit.js';

describe('the audit', () => {
  it('given runs that are not silent, when audits follow each other, then they are looked at now and then, and by the next audit if a queue is in doubt', async () => {
    const unservedQueues = { add: () => undefined, look: async () => 0, isInDoubt: false };
    const looks: number[] = [];
    let nowMs = 100_000;
    const audit = new Audit({
      clock: { now: () => nowMs },
      engine: { describe: async () => Promise.reject(new Error('There is no run.')) },
      queries: {
        silentRuns: async (_partitions: readonly number[], { startedUntilMs }: { startedUntilMs: number }): Promise<never[]> => {
          looks.push(startedUntilMs);
          return [];
        },
      },
      recovery: { redispatch: async () => 0 },
      openCalls: { audit: async () => 0 },
      locks: { releaseAbandoned: async () => 0 },
      queues: { held: async () => new Set() },
      unservedQueues,
      lookForUnservedBuilds: async () => undefined,
      logger: SILENT_LOGGER,
      ownedPartitions: () => [0],
      intervalMs: 180_000,
      silenceMs: 300_000,
      notServedAfterMs: 1_000,
      pageSize: 10,
    } as unknown as ConstructorParameters<typeof Audit>[0]);
    await audit.run();
    nowMs += 300;
    await audit.run();
    unservedQueues.isInDoubt = true;
    nowMs += 300;
    await audit.run();
    unservedQueues.isInDoubt = false;
    nowMs += 900;
    await audit.run();
    nowMs += 100;
    await audit.run();
    expect(looks).toEqual([99_000, -1, 99_600, -1, 100_600]);
  });
});
