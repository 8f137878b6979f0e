import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { endStoppedCallbacks } from './stopped-callbacks.js';

/** Code in a realm of its own that is stopped in the callback of a promise. */
function stopInCallback(): void {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY as unknown as vm.Context, { microtaskMode: 'afterEvaluate' });
  expect(() => vm.runInContext('Promise.resolve().then(() => { for (;;); })', context, { timeout: 50 })).toThrow('timed out');
}

describe('callbacks that were stopped', () => {
  it('given async hooks in use, when a callback was stopped and is ended, then the execution is the one before, and the process goes on', async () => {
    const storage = new AsyncLocalStorage<string>();
    await storage.run('mine', async () => {
      await Promise.resolve();
      const before = executionAsyncId();
      stopInCallback();
      expect(executionAsyncId()).not.toBe(before);
      endStoppedCallbacks(before);
      expect(executionAsyncId()).toBe(before);
      expect(storage.getStore()).toBe('mine');
      await new Promise((resolve) => setImmediate(resolve));
      expect(storage.getStore()).toBe('mine');
    });
  });

  it('given nothing that was stopped, when it is ended, then nothing changes, and deprecations are warned of as before', () => {
    const before = executionAsyncId();
    const { noDeprecation = false } = process as { noDeprecation?: boolean };
    endStoppedCallbacks(before);
    expect(executionAsyncId()).toBe(before);
    expect((process as { noDeprecation?: boolean }).noDeprecation ?? false).toBe(noDeprecation);
  });
});
