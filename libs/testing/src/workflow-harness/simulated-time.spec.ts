import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { forever, nap, race, report, reports, subscription } from '../../test/year-workflows.js';
import { bundleWorkflowCode, TestWorkflowEnvironment, Worker, type InMemoryWorkflowEnvironment, type WorkflowBundleWithSourceMap } from './index.js';

const DAY_MS = 86_400_000;

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../../test/year-workflows.ts', import.meta.url)) });
});

/** A test of the year, whole: the environment is made, the year is slept through with signals and children, and the environment is put away. The bench says how long it takes. */
async function testOfTheYear(): Promise<void> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'year', workflowBundle, activities: { bill: async () => 10 } });
  const begunAtMs = await environment.currentTimeMs();
  const result = await worker.runUntil(async () => {
    const handle = await environment.client.workflow.start(subscription, { taskQueue: 'year', workflowId: 'subscription' });
    for (const quarter of ['Q1', 'Q2', 'Q3', 'Q4']) {
      await environment.sleep('91 days');
      await handle.signal(report, quarter);
    }
    expect(await handle.query(reports)).toEqual(['Q1', 'Q2', 'Q3', 'Q4']);
    return handle.result();
  });
  expect(result).toEqual({ billed: 120, reported: ['Q1', 'Q2', 'Q3', 'Q4'], days: 365 });
  expect(Math.round(((await environment.currentTimeMs()) - begunAtMs) / DAY_MS)).toBe(365);
  expect(environment.store.runIdsOf('month-12')).toHaveLength(1);
  await environment.teardown();
}

describe('a simulated year', () => {
  it('given signals and children in between, when it is slept through, then it comes to its end', testOfTheYear);

  it('given nothing to wait for in real time, when it is slept through, then no timer of the system is waited for', async () => {
    const { setTimeout: systemTimer } = globalThis;
    const armedMs: number[] = [];
    globalThis.setTimeout = ((callback: () => void, delayMs = 0) => {
      armedMs.push(delayMs);
      return systemTimer(callback, delayMs);
    }) as typeof setTimeout;
    try {
      await testOfTheYear();
    } finally {
      globalThis.setTimeout = systemTimer;
    }
    // Long polls and the clock arm timers as a safety net: none is so short that it could have been what the year waited for.
    expect(armedMs.filter((delayMs) => delayMs < 1_000)).toEqual([]);
  });
});

describe('simulated time', () => {
  let environment: InMemoryWorkflowEnvironment;
  let worker: Worker;
  let slowlyMs = 0;
  beforeEach(async () => {
    environment = await TestWorkflowEnvironment.createTimeSkipping();
    const slowly = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, slowlyMs));
      return 'the activity was faster';
    };
    const activities = { slowly, bill: async () => environment.sleep('30 seconds').then(() => 1) };
    worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'time', workflowBundle, activities });
  });
  afterEach(async () => {
    await environment.teardown();
  });
  const options = { taskQueue: 'time', workflowId: 'w' };

  it('given an activity at work, when a result is awaited, then time stands still until it has ended', async () => {
    slowlyMs = 50;
    const begunAtMs = await environment.currentTimeMs();
    expect(await worker.runUntil(environment.client.workflow.execute(race, options))).toBe('the activity was faster');
    expect((await environment.currentTimeMs()) - begunAtMs).toBeLessThan(DAY_MS);
  });

  it('given an activity that sleeps in the environment, when a result is awaited, then that time is skipped', async () => {
    const begunAtMs = await environment.currentTimeMs();
    expect(await worker.runUntil(environment.client.workflow.execute('oneMonth', { ...options, args: [1, 1] }))).toBe(1);
    expect((await environment.currentTimeMs()) - begunAtMs).toBeGreaterThanOrEqual(DAY_MS + 30_000);
  });

  it('given nobody who waits for the future, when a workflow sleeps, then time goes by as it does', async () => {
    const begunAtMs = await environment.currentTimeMs();
    const handle = await environment.client.workflow.start(nap, { ...options, args: ['1 hour'] });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect((await environment.currentTimeMs()) - begunAtMs).toBeLessThan(3_600_000);
    await environment.sleep('59 minutes');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await environment.sleep('2 minutes');
    expect((await handle.describe()).status.name).toBe('COMPLETED');
  });

  it('given an environment, when it sleeps, then it is exactly so much later, and a query does not move time', async () => {
    const begunAtMs = await environment.currentTimeMs();
    await environment.sleep('30 days');
    expect((await environment.currentTimeMs()) - begunAtMs).toBeLessThan(30 * DAY_MS + 60_000);
    expect((await environment.currentTimeMs()) - begunAtMs).toBeGreaterThanOrEqual(30 * DAY_MS);
  });

  it('given a result that is awaited still, when the environment is torn down, then the wait is refused, so is every later call, and no timer is left', async () => {
    const { setTimeout: systemTimer, clearTimeout: systemClear } = globalThis;
    const armed = new Set<unknown>();
    globalThis.setTimeout = ((callback: () => void, delayMs = 0) => {
      const timer = systemTimer(callback, delayMs);
      armed.add(timer);
      return timer;
    }) as typeof setTimeout;
    globalThis.clearTimeout = ((timer: NodeJS.Timeout) => {
      armed.delete(timer);
      systemClear(timer);
    }) as typeof clearTimeout;
    try {
      const handle = await environment.client.workflow.start(forever, options);
      const refused = handle.result().catch((error: unknown) => error);
      await handle.describe();
      expect(armed.size).toBeGreaterThan(0);
      await environment.teardown();
      expect(await refused).toMatchObject({ name: 'ServiceError', cause: { code: 'ORCHESTRATOR_UNREACHABLE' } });
      await expect(handle.describe()).rejects.toMatchObject({ cause: { nothingSent: true } });
      expect(armed.size).toBe(0);
    } finally {
      Object.assign(globalThis, { setTimeout: systemTimer, clearTimeout: systemClear });
    }
  });

  it('given an environment that was torn down, when it is torn down again, then that is no error; another one can be made', async () => {
    await environment.teardown();
    await environment.teardown();
    const other = await TestWorkflowEnvironment.createTimeSkipping();
    expect(TestWorkflowEnvironment.of(undefined)).toBe(other);
    await other.teardown();
    expect(() => TestWorkflowEnvironment.of(undefined)).toThrow('make one first');
  });
});
