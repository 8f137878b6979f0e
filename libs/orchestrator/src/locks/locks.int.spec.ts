import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENVELOPE_VERSION, LOCKS_TASK_QUEUE, type ActivityJob, type ActivityOutcome } from '@backstitch/protocol';
import { ManualClock } from '@backstitch/testing';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Database } from '../store/database.js';
import { LockSink, type LockSinkDependencies } from './lock-sink.js';
import { LockTable } from './lock-table.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase('locks');
});
afterAll(() => database.drop());

function makeSink(): { sink: LockSink; table: LockTable; answers: ActivityOutcome[]; clock: ManualClock } {
  const table = new LockTable(new Database(database.dataSource));
  const answers: ActivityOutcome[] = [];
  const clock = new ManualClock();
  const deliver = async (outcomes: readonly ActivityOutcome[]): Promise<void> => void answers.push(...outcomes);
  const queues = { held: () => Promise.reject(new Error('no queue')) } as unknown as LockSinkDependencies['queues'];
  return { sink: new LockSink({ queues, table, clock, payloadCodec: undefined, identity: 'spec', logger: SILENT_LOGGER, deliver }), table, answers, clock };
}

function job(changes: Partial<ActivityJob> & { name: string }): ActivityJob {
  const { name, ...rest } = changes;
  const runId = rest.runId ?? crypto.randomUUID();
  return {
    envelopeVersion: ENVELOPE_VERSION,
    kind: 'activity',
    workflowId: `w-${runId}`,
    runId,
    workflowType: 't',
    scheduledEventId: 5,
    activityId: '1',
    activityType: 'acquireLock',
    key: `${runId}/5`,
    attempt: 1,
    dispatch: 1,
    input: [{ name }],
    scheduledAtMs: 0,
    replyTo: 'backstitch.outcomes',
    ...rest,
  };
}
const releaseOf = (acquire: ActivityJob): ActivityJob => ({
  ...acquire,
  activityType: 'releaseLock',
  scheduledEventId: 9,
  key: `${acquire.runId}/9`,
  undoOf: { key: acquire.key, activityType: 'acquireLock' },
  input: [{ input: acquire.input[0] ?? null }],
});
const dispatch = async (sink: LockSink, ...jobs: ActivityJob[]): Promise<void> => {
  await sink.addBulk(LOCKS_TASK_QUEUE, jobs.map((data) => ({ name: data.activityType, data, jobId: `${data.runId}-${data.scheduledEventId}-1-1`, delayMs: 0 })));
  await sink.idle();
};
const fresh = (): string => `account-${crypto.randomUUID()}`;

describe('locks', () => {
  it('given three runs that ask for one lock, when each gives it back, then it goes on in the order of asking', async () => {
    const { sink, table, answers } = makeSink();
    const name = fresh();
    const jobs = [job({ name }), job({ name }), job({ name })];
    await dispatch(sink, ...jobs);
    const granted: string[] = answers.map(({ runId }) => runId);
    expect(granted).toEqual([jobs[0]?.runId]);
    expect(await table.ofRun(jobs[1]?.runId ?? '')).toEqual([{ name, status: 'WAITING', sinceMs: expect.any(Number) }]);
    for (const [index, held] of jobs.entries()) {
      answers.length = 0;
      await dispatch(sink, releaseOf(held));
      expect(answers.map(({ runId, scheduledEventId, outcome }) => [runId, scheduledEventId, outcome.status])).toEqual(
        [[held.runId, 9, 'completed'], ...(jobs[index + 1] === undefined ? [] : [[jobs[index + 1]?.runId, 5, 'completed']])],
      );
    }
    expect(await table.ofRun(jobs[0]?.runId ?? '')).toEqual([]);
  });

  it('given an attempt that is dispatched again, when it waits, then its place stays and the newest attempt is answered; when it was granted, then it is answered again', async () => {
    const { sink, answers } = makeSink();
    const name = fresh();
    const [holder, waiter, later] = [job({ name }), job({ name }), job({ name })];
    await dispatch(sink, holder, waiter, later, { ...waiter, dispatch: 2 }, { ...holder, dispatch: 2 });
    expect(answers.map((answer) => [answer.runId, answer.dispatch])).toEqual([[holder.runId, 1], [holder.runId, 2]]);
    await dispatch(sink, releaseOf(holder));
    expect(answers.at(-1)).toMatchObject({ runId: waiter.runId, dispatch: 2 });
  });

  it('given a release before its request, or of one that waits, when the request comes (again), then it is refused for good and keeps nobody waiting', async () => {
    const { sink, answers } = makeSink();
    const name = fresh();
    const [early, holder, waiter] = [job({ name }), job({ name }), job({ name })];
    await dispatch(sink, releaseOf(early), early);
    expect(answers.at(-1)).toMatchObject({ runId: early.runId, outcome: { status: 'failed', failure: { applicationFailureInfo: { type: 'BackstitchStepUndone', nonRetryable: true } } } });
    await dispatch(sink, holder, waiter, releaseOf(waiter));
    await dispatch(sink, releaseOf(holder), { ...waiter, dispatch: 2 });
    expect(answers.filter(({ runId, scheduledEventId }) => runId === waiter.runId && scheduledEventId === 5).map(({ outcome }) => outcome.status)).toEqual(['failed']);
  });

  it('given an attempt that waits, when it is cancelled, then it is taken off; one that holds is not', async () => {
    const { sink, answers } = makeSink();
    const name = fresh();
    const [holder, waiter, third] = [job({ name }), job({ name }), job({ name })];
    await dispatch(sink, holder, waiter, third);
    expect(await sink.remove(LOCKS_TASK_QUEUE, [`${waiter.runId}-5-1-1`, `${holder.runId}-5-1-1`])).toEqual([true, false]);
    await dispatch(sink, releaseOf(holder));
    expect(answers.at(-1)).toMatchObject({ runId: third.runId });
  });

  it('given many replicas that ask and give back at once, when all is done, then the lock was never held twice', async () => {
    const name = fresh();
    const jobs = Array.from({ length: 12 }, () => job({ name }));
    const order: string[] = [];
    const replicas = [makeSink(), makeSink(), makeSink()];
    await Promise.all(jobs.map((each, index) => dispatch(replicas[index % 3]?.sink as LockSink, each)));
    for (let round = 0; round < jobs.length; round += 1) {
      const all = replicas.flatMap(({ answers }) => answers.splice(0)).filter(({ scheduledEventId }) => scheduledEventId === 5);
      expect(all.map(({ runId }) => runId)).toHaveLength(1);
      order.push(all[0]?.runId ?? '');
      await dispatch(replicas[round % 3]?.sink as LockSink, releaseOf(jobs.find(({ runId }) => runId === all[0]?.runId) as ActivityJob));
    }
    expect(new Set(order).size).toBe(jobs.length);
  });

  it('given a holder whose run is no more, when locks are looked through, then the next one gets it', async () => {
    const { sink, answers } = makeSink();
    const name = fresh();
    const [gone, waiter] = [job({ name }), job({ name })];
    await database.dataSource.query(
      `INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, next_event_id, history_size_bytes, open_activities, open_incidents, request_fingerprint, search_attributes, memo)
       VALUES ($1, $2, 't', 0, 'RUNNING', 1, 2, 1, 1, 0, 'f', '{}', '{}')`,
      [waiter.runId, waiter.workflowId],
    );
    await dispatch(sink, gone, waiter);
    await sink.releaseAbandoned();
    await sink.idle();
    expect(answers.at(-1)).toMatchObject({ runId: waiter.runId, outcome: { status: 'completed' } });
  });

  it('given what names no lock, when it is dispatched, then it fails for good', async () => {
    const { sink, answers } = makeSink();
    await dispatch(sink, job({ name: '' }), job({ name: fresh(), activityType: 'pickLock' }));
    expect(answers.map(({ outcome }) => outcome.status)).toEqual(['failed', 'failed']);
  });
});
