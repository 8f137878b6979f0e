import { describe, expect, it } from '@jest/globals';
import { InternalError, StoreUnavailableError } from '@backstitch/protocol';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Recovery, type RecoveryDependencies } from './recovery.js';

function recoveryOf(redispatch: (runIds: readonly string[]) => Promise<void>, changes: Partial<RecoveryDependencies> = {}): Recovery {
  return new Recovery({
    clock: { now: () => 0 },
    engine: { redispatch },
    queries: { runIdsWithOpenActivities: () => Promise.resolve([]) },
    dispatcher: { resume: () => undefined, isSuspended: () => false, taken: () => Promise.resolve() },
    queues: { ping: () => Promise.resolve() },
    logger: SILENT_LOGGER,
    isLapsed: () => false,
    ownedPartitions: () => [0],
    queueNames: ['q'],
    onRedispatched: () => undefined,
    pageSize: 2,
    affectedRunsMax: 10,
    retryPauseMs: 1,
    retryPauseMaxMs: 1,
    ...changes,
  });
}

describe('runs whose jobs are missing', () => {
  it('given a run that cannot be handled, when its page is dispatched again, then the pages behind it follow, and it is not tried for ever', async () => {
    const pages: string[] = [];
    const recovery = recoveryOf((runIds) => {
      pages.push(runIds.join());
      return runIds.includes('broken') ? Promise.reject(new InternalError('no')) : Promise.resolve();
    });
    recovery.dispatchFailed('q', ['a', 'broken', 'b', 'c', 'd']);
    await recovery.idle();
    expect(pages).toEqual(['a,broken', 'b,c', 'd']);
  });

  it('given a store that is away, when their commits lost their answers, then they are dispatched again once it is back', async () => {
    let away = 2;
    const done: string[] = [];
    const recovery = recoveryOf((runIds) => {
      if (away > 0) {
        away -= 1;
        return Promise.reject(new StoreUnavailableError(1));
      }
      done.push(...runIds);
      return Promise.resolve();
    });
    recovery.dispatchFailed('q', ['a', 'b', 'c']);
    await recovery.idle();
    expect(done.sort()).toEqual(['a', 'b', 'c']);
  });

  it('given a replica whose partitions were taken and whose loss is known at the same moment, when both scans are asked for, then each run is dispatched again once', async () => {
    const done: string[] = [];
    const recovery = recoveryOf(async (runIds) => void done.push(...runIds), {
      ownedPartitions: () => [0, 1],
      queries: { runIdsWithOpenActivities: async (partitions, _, after) => (after === undefined ? partitions.map((partition) => `run-of-${partition}`) : []) },
    });
    recovery.scan('takeover', [1]);
    recovery.scan('replicaLost');
    await recovery.idle();
    expect(done.sort()).toEqual(['run-of-0', 'run-of-1']);
  });
});
