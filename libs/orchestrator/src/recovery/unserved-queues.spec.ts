import { describe, expect, it } from '@jest/globals';
import type { ServiceNote } from '@backstitch/engine';
import type { ActivityDescription } from '@backstitch/protocol';
import { UnservedQueues } from './unserved-queues.js';

function lookingWith(pageSize: number): { unserved: UnservedQueues; calls: (readonly ServiceNote[])[] } {
  const calls: (readonly ServiceNote[])[] = [];
  const unserved = new UnservedQueues({
    clock: { now: () => 10_000 },
    engine: { noteService: async (notes) => void calls.push(notes) },
    queues: { isBusy: async () => false },
    notServedAfterMs: 1_000,
    pageSize,
  });
  return { unserved, calls };
}

/** A run with one activity that waits. */
function addRun(unserved: UnservedQueues, runId: string): void {
  const activity = { scheduledEventId: 5, attempt: 1, status: 'SCHEDULED', scheduledAtMs: 0, options: { taskQueue: 'shop' } } as unknown as ActivityDescription;
  unserved.add({ runId, activities: [activity], incidents: [], paused: undefined });
}

describe('the look for queues that nobody serves', () => {
  it('given more waiting runs than a page, when their queue is not served, then the engine is told of them page by page, so that others find room in between', async () => {
    const { unserved, calls } = lookingWith(2);
    const runIds = ['a', 'b', 'c', 'd', 'e'];
    for (let look = 1; look <= 2; look += 1) {
      runIds.forEach((runId) => addRun(unserved, runId));
      expect(await unserved.look()).toBe(look === 1 ? 0 : 5);
    }
    expect(calls.map((notes) => notes.map(({ runId }) => runId))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('given audits that were interrupted before the look, when the same run is found again, then it is kept and told once', async () => {
    const { unserved, calls } = lookingWith(10);
    addRun(unserved, 'a');
    await unserved.look();
    for (let audit = 1; audit <= 3; audit += 1) addRun(unserved, 'a');
    expect(await unserved.look()).toBe(1);
    expect(calls.flat()).toEqual([expect.objectContaining({ type: 'queueNotServed', runId: 'a', scheduledEventId: 5 })]);
  });

  it('given a run that waits, when one look has found nobody and the next one has not yet been made, then it is in doubt, and no longer after that', async () => {
    const { unserved } = lookingWith(10);
    expect(unserved.isInDoubt).toBe(false);
    for (const isInDoubt of [true, false]) {
      addRun(unserved, 'a');
      await unserved.look();
      expect(unserved.isInDoubt).toBe(isInDoubt);
    }
    addRun(unserved, 'a');
    await unserved.look();
    expect(unserved.isInDoubt).toBe(false);
  });
});
