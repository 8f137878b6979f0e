import { describe, expect, it } from '@jest/globals';
import type { Dispatch } from '@backstitch/engine';
import { QueueDispatcher } from './queue-dispatcher.js';

const dispatch = (taskQueue: string) => ({ taskQueue, delayMs: 0, job: { runId: 'r', scheduledEventId: 5, attempt: 1, dispatch: 1, activityType: 'a' } }) as unknown as Dispatch;

describe('waiting for the queues', () => {
  it('given dispatches without end, when those under way have been taken, then nobody waits for the ones after them', async () => {
    const answers: (() => void)[] = [];
    const dispatcher = new QueueDispatcher(
      {
        addBulk: () => new Promise((resolve) => answers.push(resolve)),
        remove: () => Promise.resolve([]),
        requestCancel: () => Promise.resolve(true),
      },
      { failed: () => undefined },
    );
    const first = dispatcher.dispatch([dispatch('q')]);
    const taken = dispatcher.taken();
    void dispatcher.dispatch([dispatch('q')]);
    answers[0]!();
    await first;
    await taken;
    expect(answers.length).toBe(2);
  });
});
