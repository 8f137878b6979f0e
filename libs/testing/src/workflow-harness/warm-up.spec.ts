import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { TestWorkflowEnvironment } from './index.js';
import { WarmUp } from './warm-up.js';
import { warmUpUntil } from './warm-up-until.js';

describe('what is compiled while workflows are bundled', () => {
  it('given time enough, when the small workflow lives, then it comes to its end: a signal, a query, a child, an activity and a day', async () => {
    const warmUp = new WarmUp();
    expect(await warmUp.run()).toBe(1);
    await warmUp.end();
  });

  it('given it is under way, when it is ended, then it is not waited for, and no timer is left', async () => {
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
      const warmUp = new WarmUp();
      const run = warmUp.run().catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      await warmUp.end();
      await Promise.race([run, new Promise((resolve) => setImmediate(resolve))]);
      expect(armed.size).toBe(0);
    } finally {
      Object.assign(globalThis, { setTimeout: systemTimer, clearTimeout: systemClear });
    }
  });

  it('given a test that has faked its timers, when it is ended, then none of its timers is left in them', async () => {
    jest.useFakeTimers();
    try {
      const warmUp = new WarmUp();
      warmUp.run().catch(() => undefined);
      await turnOfTheLoop();
      await warmUp.end();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('given an environment of a test, when a bundle is made, then that environment is still the one that workers find', async () => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping();
    await warmUpUntil(new Promise((resolve) => setImmediate(resolve)));
    expect(TestWorkflowEnvironment.of(undefined)).toBe(environment);
    await environment.teardown();
  });

  it('given work that fails, when it is waited for, then the failure is left to those who asked for the work', async () => {
    const work = Promise.reject(new Error('no such module'));
    await warmUpUntil(work);
    await expect(work).rejects.toThrow('no such module');
  });
});
