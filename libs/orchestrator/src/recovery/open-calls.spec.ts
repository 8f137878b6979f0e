import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@backstitch/protocol';
import { SILENT_LOGGER } from '../observation/logger.js';
import { OpenCalls, type OpenCallsDependencies } from './open-calls.js';

function openCallsOf(resumeCalls: (runIds: readonly string[]) => Promise<void>, open: readonly string[] = [], changes: Partial<OpenCallsDependencies> = {}): OpenCalls {
  return new OpenCalls({
    engine: { resumeCalls },
    queries: { runIdsWithOpenCalls: async (_, after, limit) => open.filter((runId) => after === undefined || runId > after).slice(0, limit) },
    logger: SILENT_LOGGER,
    ownedPartitions: () => [1],
    pageSize: 2,
    affectedRunsMax: 10,
    retryPauseMs: 1,
    retryPauseMaxMs: 2,
    ...changes,
  });
}

async function eventually(condition: () => boolean): Promise<void> {
  for (const deadlineMs = Date.now() + 60_000; !condition(); ) {
    if (Date.now() > deadlineMs) throw new Error('It did not come to pass.');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('calls between runs without an answer', () => {
  it('given calls that failed while the store is away, when it is back, then they are made again, each once', async () => {
    let away = 2;
    const resumed: string[] = [];
    const openCalls = openCallsOf(async (runIds) => {
      if (away > 0) {
        away -= 1;
        throw new StoreUnavailableError(1);
      }
      resumed.push(...runIds);
    });
    openCalls.failed(['a', 'b']);
    openCalls.failed(['c']);
    await eventually(() => resumed.length === 3);
    expect(resumed.sort()).toEqual(['a', 'b', 'c']);
    await openCalls.stop();
  });

  it('given partitions that were taken over, or more failures than are remembered, when it looks, then all open runs are resumed page by page', async () => {
    const pages: string[] = [];
    const openCalls = openCallsOf(async (runIds) => void (runIds.length > 0 && pages.push(runIds.join())), ['a', 'b', 'c'], { affectedRunsMax: 1 });
    openCalls.scan([1]);
    await eventually(() => pages.length === 2);
    expect(pages.splice(0)).toEqual(['a,b', 'c']);
    openCalls.failed(['x', 'y']);
    await eventually(() => pages.length === 2);
    expect(pages).toEqual(['a,b', 'c']);
    await openCalls.stop();
  });

  it('given more open runs than one audit looks at, when audits follow, then each goes on where the last ended, and begins anew after the end', async () => {
    const open = Array.from({ length: 13 }, (_, index) => `run-${String(index).padStart(2, '0')}`);
    const resumed: string[] = [];
    const openCalls = openCallsOf(async (runIds) => void resumed.push(...runIds), open);
    await openCalls.audit();
    expect(resumed.splice(0)).toEqual(open.slice(0, 10));
    await openCalls.audit();
    expect(resumed.splice(0)).toEqual(open.slice(10));
    await openCalls.audit();
    expect(resumed).toEqual(open.slice(0, 10));
  });
});
