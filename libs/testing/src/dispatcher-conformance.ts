import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { compensationQueueOf, ENVELOPE_VERSION, outcomesQueueOf, type ActivityJob } from '@backstitch/protocol';
import type { TestFramework } from './test-framework.js';

/** A dispatcher to be judged, what can be seen and done at the other end of its queues, and a way to put it away. */
export type DispatcherMaker = () => Promise<{
  dispatcher: Dispatcher;
  /** A queue that the dispatcher serves, and its queue of undos with it. No job waits there. */
  taskQueue: string;
  /** The data of all jobs that wait on the queue or are delayed, in any order. */
  waiting(taskQueue: string): Promise<ActivityJob[]>;
  /** Takes the one job that waits on the queue, as a worker does, and works on it until the dispatcher is put away. */
  take(taskQueue: string): Promise<ActivityJob>;
  /** Whether the worker of a job that was taken would hear, with its next heartbeat, that it is to give up. */
  isAskedToStop(taskQueue: string, job: ActivityJob): Promise<boolean>;
  /** A dispatcher of the same kind whose queues cannot be reached; undefined: that cannot be. */
  unreachable(): Promise<Dispatcher | undefined>;
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
  const waitingOf = async ({ waiting }: Made, taskQueue: string, runId: string): Promise<string[]> =>
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

    it('given jobs for several queues, when they are dispatched in one call, then each waits on its own', async (made) => {
      const runId = crypto.randomUUID();
      const undos = compensationQueueOf(made.taskQueue);
      const steps = Array.from({ length: 120 }, (_, index) => dispatchOf(made.taskQueue, runId, { scheduledEventId: 5 + index }));
      await made.dispatcher.dispatch([...steps.slice(0, 60), dispatchOf(undos, runId, { scheduledEventId: 500 }), ...steps.slice(60)]);
      expect(await waitingOf(made, undos, runId)).toEqual(['500-1-1']);
      expect(await waitingOf(made, made.taskQueue, runId)).toEqual(steps.map(({ job }) => `${job.scheduledEventId}-1-1`).sort());
      const cancelled = await made.dispatcher.cancel([...steps, dispatchOf(undos, runId, { scheduledEventId: 500 })]);
      expect(cancelled).toEqual({ removed: [...steps.map(() => true), true] });
      expect(await waitingOf(made, undos, runId)).toEqual([]);
    });

    it('given a job that waits, when it is dispatched again, then it waits once; another dispatch number is another job', async (made) => {
      const runId = crypto.randomUUID();
      await made.dispatcher.dispatch([dispatchOf(made.taskQueue, runId)]);
      await made.dispatcher.dispatch([dispatchOf(made.taskQueue, runId), dispatchOf(made.taskQueue, runId, { dispatch: 2 })]);
      expect(await waitingOf(made, made.taskQueue, runId)).toEqual(['5-1-1', '5-1-2']);
    });

    it('given a job that is delayed, when it is dispatched again, then it is there once', async (made) => {
      const runId = crypto.randomUUID();
      const delayed = dispatchOf(made.taskQueue, runId, {}, 3_600_000);
      await made.dispatcher.dispatch([delayed]);
      await made.dispatcher.dispatch([delayed]);
      expect(await waitingOf(made, made.taskQueue, runId)).toEqual(['5-1-1']);
    });

    it('given a job that a worker has taken, when it is dispatched again, then it does not wait', async (made) => {
      const runId = crypto.randomUUID();
      const running = dispatchOf(made.taskQueue, runId);
      await made.dispatcher.dispatch([running]);
      expect(await made.take(made.taskQueue)).toEqual(running.job);
      await made.dispatcher.dispatch([running]);
      expect(await waitingOf(made, made.taskQueue, runId)).toEqual([]);
    });

    it('given attempts that wait, are delayed or are unknown, when they are cancelled, then those that were there are off the queue, in the order asked', async (made) => {
      const runId = crypto.randomUUID();
      const waits = dispatchOf(made.taskQueue, runId, { attempt: 1 });
      const delayed = dispatchOf(made.taskQueue, runId, { attempt: 2 }, 3_600_000);
      const stays = dispatchOf(made.taskQueue, runId, { attempt: 3 });
      const unknown = dispatchOf(made.taskQueue, runId, { attempt: 4 });
      await made.dispatcher.dispatch([waits, delayed, stays]);
      expect(await made.dispatcher.cancel([unknown, delayed, waits])).toEqual({ removed: [false, true, true] });
      expect(await waitingOf(made, made.taskQueue, runId)).toEqual(['5-3-1']);
    });

    it('given an attempt that is cancelled twice in one call, when it waits, then the first of the two took it off, as in two calls', async (made) => {
      const waits = dispatchOf(made.taskQueue, crypto.randomUUID());
      await made.dispatcher.dispatch([waits]);
      expect(await made.dispatcher.cancel([{ ...waits, onlyIfWaiting: true }, waits])).toEqual({ removed: [true, false] });
    });

    it('given an attempt that a worker has taken, when it is cancelled, then it is not taken off, and its worker is asked to give up', async (made) => {
      const running = dispatchOf(made.taskQueue, crypto.randomUUID());
      await made.dispatcher.dispatch([running]);
      const job = await made.take(made.taskQueue);
      expect(await made.isAskedToStop(made.taskQueue, job)).toEqual(false);
      expect(await made.dispatcher.cancel([running])).toEqual({ removed: [false] });
      expect(await made.isAskedToStop(made.taskQueue, job)).toEqual(true);
    });

    it('given attempts of which only those that wait are to be cancelled, when one was taken, then its worker is left alone', async (made) => {
      const runId = crypto.randomUUID();
      const running = dispatchOf(made.taskQueue, runId, { attempt: 1 });
      await made.dispatcher.dispatch([running]);
      const job = await made.take(made.taskQueue);
      const delayed = dispatchOf(made.taskQueue, runId, { attempt: 2 }, 3_600_000);
      await made.dispatcher.dispatch([delayed]);
      const onlyIfWaiting = [running, delayed].map((one) => ({ ...one, onlyIfWaiting: true }));
      expect(await made.dispatcher.cancel(onlyIfWaiting)).toEqual({ removed: [false, true] });
      expect(await made.isAskedToStop(made.taskQueue, job)).toEqual(false);
    });

    it('given queues that cannot be reached, when jobs are dispatched, then that is told within a few seconds', async ({ unreachable, taskQueue }) => {
      const dispatcher = await unreachable();
      const dispatched = dispatcher?.dispatch([dispatchOf(taskQueue, crypto.randomUUID())]).then(
        () => 'taken',
        () => 'refused',
      );
      expect(await dispatched).toEqual(dispatcher === undefined ? undefined : 'refused');
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
