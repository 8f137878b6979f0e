import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { ENVELOPE_VERSION, outcomesQueueOf, type ActivityJob } from '@backstitch/protocol';
import type { TestFramework } from './test-framework.js';

/** A dispatcher to be judged, a way to see what waits on a queue of its, and how to put it away. */
export type DispatcherMaker = () => Promise<{
  dispatcher: Dispatcher;
  /** A queue that the dispatcher serves. */
  taskQueue: string;
  /** The data of all jobs that wait on the queue or are delayed, in any order. */
  waiting(taskQueue: string): Promise<ActivityJob[]>;
  dispose(): Promise<void>;
}>;

/** What every Dispatcher must do, as tests. Each test uses run ids of its own. */
export function dispatcherConformance(framework: TestFramework, makeDispatcher: DispatcherMaker): void {
  const { describe, expect } = framework;
  type Made = Awaited<ReturnType<DispatcherMaker>>;
  const it = (name: string, body: (made: Made) => Promise<void>): void =>
    framework.it(name, async () => {
      const made = await makeDispatcher();
      try {
        await body(made);
      } finally {
        await made.dispose();
      }
    });
  const waitingOf = async ({ waiting, taskQueue }: Made, runId: string): Promise<string[]> =>
    (await waiting(taskQueue))
      .filter((job) => job.runId === runId)
      .map(({ scheduledEventId, attempt, dispatch }) => `${scheduledEventId}-${attempt}-${dispatch}`)
      .sort();

  describe('as every dispatcher', () => {
    it('given jobs, when they are dispatched, then they wait on their queue with the data they were given, delayed ones too', async (made) => {
      const runId = crypto.randomUUID();
      const dispatches = [dispatchOf(made.taskQueue, runId, { attempt: 1 }), dispatchOf(made.taskQueue, runId, { attempt: 2 }, 3_600_000)];
      await made.dispatcher.dispatch(dispatches);
      const jobs = (await made.waiting(made.taskQueue)).filter((job) => job.runId === runId).sort((a, b) => a.attempt - b.attempt);
      expect(jobs).toEqual(dispatches.map(({ job }) => job));
    });

    it('given a job that waits, when it is dispatched again, then it waits once; another dispatch number is another job', async (made) => {
      const runId = crypto.randomUUID();
      await made.dispatcher.dispatch([dispatchOf(made.taskQueue, runId)]);
      await made.dispatcher.dispatch([dispatchOf(made.taskQueue, runId), dispatchOf(made.taskQueue, runId, { dispatch: 2 })]);
      expect(await waitingOf(made, runId)).toEqual(['5-1-1', '5-1-2']);
    });

    it('given attempts that wait, are delayed or are unknown, when they are cancelled, then those that were there are off the queue, in the order asked', async (made) => {
      const runId = crypto.randomUUID();
      const waits = dispatchOf(made.taskQueue, runId, { attempt: 1 });
      const delayed = dispatchOf(made.taskQueue, runId, { attempt: 2 }, 3_600_000);
      const stays = dispatchOf(made.taskQueue, runId, { attempt: 3 });
      const unknown = dispatchOf(made.taskQueue, runId, { attempt: 4 });
      await made.dispatcher.dispatch([waits, delayed, stays]);
      expect(await made.dispatcher.cancel([unknown, delayed, waits])).toEqual({ removed: [false, true, true] });
      expect(await waitingOf(made, runId)).toEqual(['5-3-1']);
    });

    it('given nothing, when it is dispatched or cancelled, then that is no error', async ({ dispatcher }) => {
      await dispatcher.dispatch([]);
      expect(await dispatcher.cancel([])).toEqual({ removed: [] });
    });
  });
}

function dispatchOf(taskQueue: string, runId: string, changes: Partial<ActivityJob> = {}, delayMs = 0): Dispatch {
  const job: ActivityJob = {
    envelopeVersion: ENVELOPE_VERSION,
    kind: 'activity',
    workflowId: `conformance-${runId}`,
    runId,
    workflowType: 'conformance',
    scheduledEventId: 5,
    activityId: '1',
    activityType: 'act',
    key: `${runId}/5`,
    attempt: 1,
    dispatch: 1,
    input: [{ text: 'é 漢字 😀', nothing: null }],
    scheduledAtMs: Date.UTC(2026, 0, 1),
    replyTo: outcomesQueueOf(taskQueue),
    ...changes,
  };
  return { taskQueue, job, delayMs };
}
