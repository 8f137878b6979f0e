import { describe, expect, it, jest } from '@jest/globals';
import { ConcurrencyLimit } from './concurrency-limit.js';

class NoRoom extends Error {}
const refuse = (): Error => new NoRoom();

/** Work that ends when it is told to. */
function held(limit: ConcurrencyLimit): { done: Promise<string>; end: (result?: string) => void; fail: () => void; readonly hasBegun: boolean } {
  let settle: { resolve: (value: string) => void; reject: (error: Error) => void } | undefined;
  const done = limit.run(() => new Promise<string>((resolve, reject) => (settle = { resolve, reject })), refuse);
  done.catch(() => undefined);
  return {
    done,
    end: (result = 'done') => settle?.resolve(result),
    fail: () => settle?.reject(new Error('failed')),
    get hasBegun() {
      return settle !== undefined;
    },
  };
}

describe('ConcurrencyLimit', () => {
  it('given as many calls as are allowed, when more come, then they wait in order, and what is beyond is refused at once', async () => {
    const limit = new ConcurrencyLimit({ activeMax: 2, waitingMax: 2 });
    const calls = [held(limit), held(limit), held(limit), held(limit)];
    expect(calls.map(({ hasBegun }) => hasBegun)).toEqual([true, true, false, false]);
    expect(limit.isFull).toBe(true);
    await expect(held(limit).done).rejects.toThrow(NoRoom);
    calls[1]!.end();
    await calls[1]!.done;
    expect(calls.map(({ hasBegun }) => hasBegun)).toEqual([true, true, true, false]);
    expect(limit.isFull).toBe(false);
    calls[0]!.fail();
    await expect(calls[0]!.done).rejects.toThrow('failed');
    calls[2]!.end();
    calls[3]!.end();
    expect(await Promise.all([calls[2]!.done, calls[3]!.done])).toEqual(['done', 'done']);
    const [again, andAgain] = [held(limit), held(limit)];
    expect([again.hasBegun, andAgain.hasBegun, held(limit).hasBegun]).toEqual([true, true, false]);
  });

  it('given a call whose turn does not come in time, when it has waited as long as it may, then it is refused and takes nobody’s place', async () => {
    jest.useFakeTimers();
    try {
      const limit = new ConcurrencyLimit({ activeMax: 1, waitingMax: 1, waitMaxMs: 500 });
      const [first, second] = [held(limit), held(limit)];
      jest.advanceTimersByTime(500);
      await expect(second.done).rejects.toThrow(NoRoom);
      expect(limit.isFull).toBe(false);
      const third = held(limit);
      first.end();
      await first.done;
      third.end('third');
      expect(await third.done).toBe('third');
    } finally {
      jest.useRealTimers();
    }
  });
});
