import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SILENT_LOGGER } from '../observation/logger.js';
import { WakeTimer } from './wake-timer.js';

/** Runs by their wake-up times; waking one removes it. */
class Sleepers {
  readonly runs = new Map<string, number>();
  readonly woken: { runId: string; atMs: number }[] = [];
  queries = 0;
  failures = 0;

  readonly timer = new WakeTimer({
    clock: { now: () => Date.now() },
    logger: SILENT_LOGGER,
    ownedPartitions: () => [0],
    batchRunsMax: 2,
    engine: {
      wake: async (runIds) => {
        for (const runId of runIds) {
          this.woken.push({ runId, atMs: Date.now() });
          if (!runId.startsWith('stuck')) this.runs.delete(runId);
        }
        if (runIds.some((runId) => runId.startsWith('stuck'))) throw new Error('cannot be woken');
      },
    },
    queries: {
      earliestWakeAtMs: async () => {
        this.#failIfAway();
        return this.runs.size === 0 ? undefined : Math.min(...this.runs.values());
      },
      dueRuns: async (_, nowMs, after, limit) => {
        this.queries += 1;
        this.#failIfAway();
        return [...this.runs]
          .map(([runId, wakeAtMs]) => ({ runId, wakeAtMs }))
          .filter(({ runId, wakeAtMs }) => wakeAtMs <= nowMs && (after === undefined || wakeAtMs > after.wakeAtMs || (wakeAtMs === after.wakeAtMs && runId > after.runId)))
          .sort((a, b) => a.wakeAtMs - b.wakeAtMs || (a.runId < b.runId ? -1 : 1))
          .slice(0, limit);
      },
    },
  });

  #failIfAway(): void {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database is away');
    }
  }
}

describe('the wake timer', () => {
  let sleepers: Sleepers;
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    sleepers = new Sleepers();
  });
  afterEach(async () => {
    await sleepers.timer.stop();
    jest.useRealTimers();
  });

  it('given runs at several times, when time passes, then each is woken at its time, and nothing is asked between', async () => {
    [100, 100, 100, 5_000].forEach((atMs, index) => sleepers.runs.set(`run${index}`, atMs));
    await sleepers.timer.refresh();
    await jest.advanceTimersByTimeAsync(99);
    expect([sleepers.woken.length, sleepers.queries]).toEqual([0, 0]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sleepers.woken).toEqual(['run0', 'run1', 'run2'].map((runId) => ({ runId, atMs: 100 })));
    const asked = sleepers.queries;
    await jest.advanceTimersByTimeAsync(4_899);
    expect(sleepers.queries).toBe(asked);
    await jest.advanceTimersByTimeAsync(1);
    expect(sleepers.woken.at(-1)).toEqual({ runId: 'run3', atMs: 5_000 });
  });

  it('given a timer armed for later, when an earlier time is told, then it wakes then', async () => {
    sleepers.runs.set('early', 50);
    sleepers.timer.arm(1_000);
    sleepers.timer.arm(50);
    await jest.advanceTimersByTimeAsync(50);
    expect(sleepers.woken).toEqual([{ runId: 'early', atMs: 50 }]);
  });

  it('given a timer of years, when it is armed, then it does not fire before', async () => {
    const yearsMs = 4 * 365 * 24 * 3_600_000;
    sleepers.runs.set('patient', yearsMs);
    await sleepers.timer.refresh();
    await jest.advanceTimersByTimeAsync(yearsMs - 1);
    expect([sleepers.woken.length, sleepers.queries]).toEqual([0, 0]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sleepers.woken).toHaveLength(1);
  });

  it('given runs that cannot be woken, when others are due behind them, then these are woken, and the stuck ones tried again a second later', async () => {
    ['stuck1', 'stuck2', 'stuck3'].forEach((runId) => sleepers.runs.set(runId, 10));
    sleepers.runs.set('well', 20);
    sleepers.timer.arm(20);
    await jest.advanceTimersByTimeAsync(20);
    expect(sleepers.runs.has('well')).toBe(false);
    const triedAlready = sleepers.woken.length;
    await jest.advanceTimersByTimeAsync(999);
    expect(sleepers.woken).toHaveLength(triedAlready);
    await jest.advanceTimersByTimeAsync(1);
    expect(sleepers.woken.length).toBeGreaterThan(triedAlready);
  });

  it('given a database that is away, when a timer fires, then it is tried again until it is back', async () => {
    sleepers.runs.set('run', 10);
    sleepers.failures = 3;
    sleepers.timer.arm(10);
    await jest.advanceTimersByTimeAsync(3_100);
    expect(sleepers.woken).toHaveLength(1);
  });

  it('given a database that is away when partitions are taken over, when it is back, then their runs are woken', async () => {
    sleepers.runs.set('run', 500);
    sleepers.failures = 2;
    await sleepers.timer.refresh();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(sleepers.woken.map(({ runId }) => runId)).toEqual(['run']);
  });
});
