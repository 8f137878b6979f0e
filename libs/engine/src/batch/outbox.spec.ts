import { describe, expect, it } from '@jest/globals';
import type { Dispatch } from '../ports/dispatcher.js';
import type { AttemptCancellation } from '../run/turn.js';
import { Outbox } from './outbox.js';

const job = (attempt: number) => ({ runId: 'r', scheduledEventId: 5, attempt, dispatch: 1 });
const dispatch = (attempt: number, taskQueue = 'q') => ({ taskQueue, delayMs: 0, job: job(attempt) }) as unknown as Dispatch;
const cancellation = (attempt: number): AttemptCancellation => ({ workflowId: 'w', taskQueue: 'q', job: job(attempt), closesActivity: true });

describe('the outbox', () => {
  it('given a call under way, when more is added, then it waits and goes out in one further call, cancellations after dispatches', async () => {
    const calls: string[] = [];
    const outbox = new Outbox(
      {
        dispatch: async (dispatches) => void calls.push(`dispatch ${dispatches.map(({ job: { attempt } }) => attempt)}`),
        cancel: async (attempts) => {
          calls.push(`cancel ${attempts.map(({ job: { attempt } }) => attempt)}`);
          return { removed: attempts.map(({ job: { attempt } }) => attempt === 2) };
        },
      },
      { dispatchFailed: () => calls.push('failed'), removed: ({ job: { attempt } }) => calls.push(`removed ${attempt}`) },
    );
    outbox.add([dispatch(1)], []);
    await Promise.resolve();
    outbox.add([dispatch(2)], [cancellation(2)]);
    outbox.add([dispatch(3)], [cancellation(3)]);
    await outbox.idle();
    expect(calls).toEqual(['dispatch 1', 'dispatch 2,3', 'cancel 2,3', 'removed 2']);
  });

  it('given a queue that cannot be reached, when jobs go out, then each queue is reported once, and the next jobs are tried', async () => {
    const reports: unknown[] = [];
    const outbox = new Outbox(
      { dispatch: () => Promise.reject(new Error('down')), cancel: () => Promise.reject(new Error('down')) },
      { dispatchFailed: (taskQueue, jobs, runIds) => reports.push([taskQueue, jobs, runIds]), removed: () => undefined },
    );
    outbox.add([dispatch(1), dispatch(2), dispatch(1, 'p')], [cancellation(1)]);
    await outbox.idle();
    outbox.add([dispatch(3)], []);
    await outbox.idle();
    expect(reports).toEqual([['q', 2, ['r']], ['p', 1, ['r']], ['q', 1, ['r']], ['q', 1, ['r']]]);
  });

  it('given a queue that does not answer, when jobs for another come, then they go out', async () => {
    const calls: string[] = [];
    let answer = (): void => undefined;
    const outbox = new Outbox(
      {
        dispatch: async ([first]) => {
          calls.push(first!.taskQueue);
          if (first!.taskQueue === 'slow') await new Promise<void>((resolve) => (answer = resolve));
        },
        cancel: () => Promise.reject(new Error('not asked for')),
      },
      { dispatchFailed: () => calls.push('failed'), removed: () => undefined },
    );
    outbox.add([dispatch(1, 'slow')], []);
    await Promise.resolve();
    outbox.add([dispatch(1, 'quick')], []);
    await Promise.resolve();
    expect(calls).toEqual(['slow', 'quick']);
    answer();
    await outbox.idle();
  });
});
