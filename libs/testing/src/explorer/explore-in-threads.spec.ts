import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest } from '@jest/globals';
import { WorkflowBundleError } from '@backstitch/sandbox';
import brokenOrder from '../../test/explorations/broken-order.exploration.js';
import { explore } from './explore.js';
import { exploreInThreads } from './explore-in-threads.js';
import { InvariantBrokenError } from './explorer-errors.js';

/** Thousands of courses of things, on a machine that may be slow and busy. */
jest.setTimeout(600_000);

const explorationOf = (name: string): URL => new URL(`../../test/explorations/${name}.exploration.ts`, import.meta.url);

describe('an exploration in threads', () => {
  it('given an order that keeps what it promises, when threads share its schedules, then all are played', async () => {
    const told: number[] = [];
    const report = await exploreInThreads(explorationOf('order'), { threads: 2, schedules: 301, onProgress: ({ done }) => void told.push(done) });
    expect(report).toEqual({
      seed: 1,
      schedulesRun: 4 + report.crashPoints.total + 301,
      crashPoints: { total: report.crashPoints.total, passed: report.crashPoints.total },
      randomSchedules: { total: 301, passed: 301 },
    });
    expect(report.crashPoints.total).toBeGreaterThan(400);
    expect(told.length).toBeGreaterThan(1);
  });

  it('given an order that does not, when it is explored by one, two or three threads, or by none, then the same failure is found', async () => {
    const options = { throwOnFailure: false, crashPoints: false, seed: 7 };
    const alone = await explore(brokenOrder.workflow, { ...brokenOrder.options, ...options });
    const { error: _error, ...told } = alone.failure!;
    for (const threads of [1, 2, 3]) {
      expect(await exploreInThreads(fileURLToPath(explorationOf('broken-order')), { ...options, threads })).toEqual({ ...alone, failure: told });
    }
  });

  it('given a failure, when nothing else is said, then it is thrown', async () => {
    await expect(exploreInThreads(explorationOf('broken-order'), { threads: 1 })).rejects.toThrow(InvariantBrokenError);
  });

  it('given a module that is not there, or no threads, when it is to be explored, then that is said', async () => {
    await expect(exploreInThreads(explorationOf('missing'))).rejects.toThrow(/missing\.exploration/);
    await expect(exploreInThreads(explorationOf('order'), { threads: 0 })).rejects.toMatchObject({ code: 'EXPLORE_OPTION', option: 'threads' });
  });

  it('given an option that makes no sense, or workflows that are not there, when the threads find that out, then the error is that of explore', async () => {
    await expect(exploreInThreads(explorationOf('order'), { threads: 2, seed: -1 })).rejects.toMatchObject({ name: 'ExploreOptionError', code: 'EXPLORE_OPTION', option: 'seed' });
    await expect(exploreInThreads(explorationOf('no-workflows'), { threads: 2 })).rejects.toBeInstanceOf(WorkflowBundleError);
  });
});
