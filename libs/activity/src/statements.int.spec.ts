import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { ActivityJob, ActivityOutcome } from '@backstitch/protocol';
import { randomUUID } from 'node:crypto';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { ACTIVITY_FAILURE_TYPE, ApplicationFailure, Context, sqlStatement } from './index.js';

const INSERT = 'INSERT INTO effects (key, note) VALUES ($1, $2)';

describe.each(queueBackendsUnderTest())('steps that are one statement, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend);
    await harness.dataSource.query('CREATE TABLE seats (number int PRIMARY KEY, taken_by text UNIQUE, CHECK (number < 1000))');
  });
  beforeEach(async () => {
    harness.bench.reset();
    await harness.dataSource.query('TRUNCATE seats');
  });
  afterAll(() => harness.stop());

  const stated = (fields: Partial<ActivityJob> = {}) => harness.job({ activityType: 'stated', ...fields });
  /** Under a job id of its own: nothing tells the worker that it is a duplicate. */
  const dispatchUnmarked = (job: ActivityJob) => harness.queues.addBulk('inventory', [{ name: job.activityType, data: job, jobId: `copy-${randomUUID()}` }]);
  const outcomesOf = async (job: ActivityJob, count: number): Promise<ActivityOutcome[]> => {
    const found = () => harness.outcomes().filter((each) => each.key === job.key);
    await until(`${count} outcomes`, () => found().length === count);
    return found();
  };
  /** What the inbox rows' transactions were, one for each key. */
  const transactionsOf = async (jobs: readonly ActivityJob[]): Promise<string[]> => {
    const rows: { xmin: string }[] = await harness.dataSource.query('SELECT xmin::text FROM inbox WHERE key = ANY($1)', [jobs.map(({ key }) => key)]);
    return rows.map(({ xmin }) => xmin);
  };
  /** Another session with a transaction open. */
  const elsewhere = async () => {
    const runner = harness.dataSource.createQueryRunner();
    await runner.startTransaction();
    return runner;
  };
  const failing = (type: string, nonRetryable: boolean) => ({ status: 'failed', failure: { applicationFailureInfo: { type, nonRetryable } } });

  it('given a statement, when its step runs, then effect, key and result are committed by one transaction', async () => {
    const job = stated();
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: { note: 'stated' } });
    expect(await harness.effectsOf(job)).toEqual(['stated']);
    expect(await harness.inboxRow(job.key)).toEqual({ state: 'completed', result: { note: 'stated' }, undone: false, checkpoint: null });
    const effects = await harness.dataSource.query('SELECT xmin::text FROM effects WHERE key = $1', [job.key]);
    expect(effects.map(({ xmin }: { xmin: string }) => xmin)).toEqual(await transactionsOf([job]));
  });

  it('given many steps at once, when they run, then some share a transaction, and each has its own result; not if they want none of it', async () => {
    const share = async (shareTransaction: boolean | undefined) => {
      harness.bench.statement = (input, key) => sqlStatement({ text: INSERT, values: [key, 'stated'], result: input, shareTransaction });
      const jobs = Array.from({ length: 60 }, (_each, index) => stated({ input: [{ index }] }));
      await harness.queues.addBulk('inventory', jobs.map((job) => ({ name: job.activityType, data: job, jobId: `job-${randomUUID()}` })));
      for (const [index, job] of jobs.entries()) expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: { index } });
      return new Set(await transactionsOf(jobs)).size;
    };
    expect(await share(undefined)).toBeLessThan(60);
    expect(await share(false)).toBe(60);
  });

  it('given a step that completed, when it comes again, marked or not, then it has no second effect and the stored result is sent', async () => {
    const job = stated();
    await harness.run(job);
    expect(await harness.run({ ...job, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { result: { note: 'stated' } } });
    await dispatchUnmarked(job);
    expect((await outcomesOf(job, 3))[2]).toMatchObject({ repeated: true, outcome: { result: { note: 'stated' } } });
    expect(await harness.effectsOf(job)).toEqual(['stated']);
  });

  it('given 20 copies of one step at once, with an effect that its own table refuses twice, then there is one effect and 20 times its result', async () => {
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'INSERT INTO seats (number, taken_by) VALUES (1, $1)', values: [key], result: 'seat 1' });
    const job = stated();
    await Promise.all(Array.from({ length: 20 }, () => dispatchUnmarked(job)));
    const outcomes = await outcomesOf(job, 20);
    expect(outcomes.map((each) => each.outcome)).toEqual(outcomes.map(() => ({ status: 'completed', result: 'seat 1' })));
    expect(outcomes.filter((each) => each.repeated)).toHaveLength(19);
  });

  it('given a copy that is being committed elsewhere, when the step comes, then it waits for it, and has no effect', async () => {
    const job = stated();
    await harness.run(job);
    const [row] = await harness.dataSource.query('DELETE FROM inbox WHERE key = $1 RETURNING *', [job.key]);
    const other = await elsewhere();
    await other.query('INSERT INTO inbox (key, activity_type, input_hash, state, result) VALUES ($1, $2, $3, $4, $5)', [
      job.key,
      row[0].activity_type,
      row[0].input_hash,
      'completed',
      '"elsewhere"',
    ]);
    await dispatchUnmarked(job);
    await until('it waits', async () => (await harness.lockWaits()) === 1);
    await other.commitTransaction();
    await other.release();
    expect((await outcomesOf(job, 2))[1]).toMatchObject({ repeated: true, outcome: { result: 'elsewhere' } });
    expect(await harness.effectsOf(job)).toEqual(['stated']);
  });

  it('given a key, when it comes with another input and nothing says that it was used, then it is refused for good', async () => {
    const job = stated();
    await harness.run(job);
    await dispatchUnmarked({ ...job, input: [{ orderId: 'other' }] });
    expect((await outcomesOf(job, 2))[1]?.outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.idempotencyKeyReused, true));
    expect(await harness.effectsOf(job)).toEqual(['stated']);
  });

  it('given an undo that came first, when the step comes, then it is refused and has no effect', async () => {
    const job = stated();
    expect((await harness.run(harness.undoJob(job, { activityType: 'statedUndo' }))).outcome).toEqual({ status: 'completed', result: { undone: false } });
    expect((await harness.run(job)).outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.stepUndone, true));
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a completed step, when its undo, a statement too, runs, then tombstone and effect are there, and the step is refused afterwards', async () => {
    const job = stated();
    await harness.run(job);
    const undo = harness.undoJob(job, { activityType: 'statedUndo' });
    expect((await harness.run(undo)).outcome).toEqual({ status: 'completed', result: { undone: true } });
    expect(await harness.effectsOf(undo)).toEqual(['undone']);
    expect(await harness.inboxRow(job.key)).toMatchObject({ undone: true, result: { note: 'stated' } });
    await dispatchUnmarked(job);
    expect((await outcomesOf(job, 2))[1]?.outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.stepUndone, true));
    expect(await harness.effectsOf(job)).toEqual(['stated']);
  });

  it('given a statement that is being executed, when its undo comes, then the undo waits for it and sees its result', async () => {
    // The effect locks a row that another session holds; the inbox row comes first, since nothing of the effect is asked for.
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (7)');
    const other = await elsewhere();
    await other.query('UPDATE seats SET taken_by = NULL WHERE number = 7');
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'UPDATE seats SET taken_by = $1 WHERE number = 7', values: [key], result: 'seat 7' });
    const job = stated();
    await harness.dispatch(job);
    await until('the step waits', async () => (await harness.lockWaits()) === 1);
    const undo = harness.undoJob(job);
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 2);
    await other.commitTransaction();
    await other.release();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: 'seat 7' });
    expect((await harness.outcomeOf(undo)).outcome).toEqual({ status: 'completed', result: { step: 'completed', result: 'seat 7' } });
  });

  it.each([true, false])('given an undo that is under way and commits: %s, when the step comes, then it waits, and has its effect only if the undo fell', async (commits) => {
    const job = stated();
    const other = await elsewhere();
    await other.query(`INSERT INTO inbox (key, activity_type, state, undone_at) VALUES ($1, 'stated', 'absent', now())`, [job.key]);
    await harness.dispatch(job);
    await until('the step waits', async () => (await harness.lockWaits()) === 1);
    await (commits ? other.commitTransaction() : other.rollbackTransaction());
    await other.release();
    const { outcome } = await harness.outcomeOf(job);
    if (commits) expect(outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.stepUndone, true));
    else expect(outcome).toMatchObject({ status: 'completed' });
    expect(await harness.effectsOf(job)).toEqual(commits ? [] : ['stated']);
  });

  it('given an undo that is a statement, when the step is being executed, then it waits for it and has its effect after it', async () => {
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (7)');
    const other = await elsewhere();
    await other.query('UPDATE seats SET taken_by = NULL WHERE number = 7');
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'UPDATE seats SET taken_by = $1 WHERE number = 7', values: [key], result: 'seat 7' });
    const job = stated();
    await harness.dispatch(job);
    await until('the step waits', async () => (await harness.lockWaits()) === 1);
    const undo = harness.undoJob(job, { activityType: 'statedUndo' });
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 2);
    await other.commitTransaction();
    await other.release();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: 'seat 7' });
    expect((await harness.outcomeOf(undo)).outcome).toEqual({ status: 'completed', result: { undone: true } });
    expect(await harness.inboxRow(job.key)).toMatchObject({ state: 'completed', undone: true });
  });

  it('given an undo that is a statement, when it comes again, marked or not, then its effect happens once', async () => {
    const job = stated();
    await harness.run(job);
    const undo = harness.undoJob(job, { activityType: 'statedUndo' });
    await harness.run(undo);
    expect(await harness.run({ ...undo, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { result: { undone: true } } });
    await harness.queues.addBulk('inventory.compensation', [{ name: undo.activityType, data: undo, jobId: `copy-${randomUUID()}` }]);
    expect((await outcomesOf(undo, 3))[2]).toMatchObject({ repeated: true, outcome: { result: { undone: true } } });
    expect(await harness.effectsOf(undo)).toEqual(['undone']);
  });

  it('given an undo that is a statement, when its step has its effect elsewhere and is running, then it waits for it, and knows that it completed', async () => {
    const step = harness.job({ activityType: 'charge' });
    harness.bench.entered = deferred();
    harness.bench.gate = deferred();
    await harness.dispatch(step);
    await harness.bench.entered.promise;
    const undo = harness.undoJob(step, { activityType: 'statedUndo' });
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 1);
    harness.bench.gate.resolve();
    expect((await harness.outcomeOf(step)).outcome).toEqual({ status: 'completed', result: { chargeId: 'charge-o1' } });
    expect((await harness.outcomeOf(undo)).outcome).toEqual({ status: 'completed', result: { undone: true } });
  });

  it('given a step that runs the ordinary way, when its undo, a statement, overtakes it, then the step falls and is refused', async () => {
    const job = harness.job({ activityType: 'reserve' });
    harness.bench.entered = deferred();
    harness.bench.gate = deferred();
    await harness.dispatch(job);
    await harness.bench.entered.promise;
    expect((await harness.run(harness.undoJob(job, { activityType: 'statedUndo' }))).outcome).toEqual({ status: 'completed', result: { undone: false } });
    harness.bench.gate.resolve();
    expect((await harness.outcomeOf(job)).outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.stepUndone, true));
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a condition, when nothing meets it, then the declared failure is the outcome and no key is left; a copy of one that met it gets its result', async () => {
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (1)');
    harness.bench.statement = (_input, key) =>
      sqlStatement({
        text: 'UPDATE seats SET taken_by = $1 WHERE number = 1 AND taken_by IS NULL RETURNING number, taken_by IS NOT NULL AS taken',
        values: [key],
        resultFromRow: true,
        whenNoRows: () => ApplicationFailure.nonRetryable('The seat is taken.', 'SeatTaken'),
      });
    const [first, second] = [stated(), stated()];
    expect((await harness.run(first)).outcome).toEqual({ status: 'completed', result: { number: 1, taken: true } });
    expect((await harness.run(second)).outcome).toMatchObject(failing('SeatTaken', true));
    expect(await harness.inboxRow(second.key)).toBeUndefined();
    await dispatchUnmarked(first);
    expect((await outcomesOf(first, 2))[1]).toMatchObject({ repeated: true, outcome: { result: { number: 1, taken: true } } });
    await harness.dataSource.query('UPDATE seats SET taken_by = NULL');
    expect((await harness.run({ ...second, attempt: 2 })).outcome).toEqual({ status: 'completed', result: { number: 1, taken: true } });
  });

  it('given a result from a row, when there is none or more than one and that is no failure, then the result is null, or one of them', async () => {
    harness.bench.statement = () => sqlStatement({ text: `UPDATE seats SET taken_by = NULL RETURNING 'done' AS word`, resultFromRow: true });
    expect((await harness.run(stated())).outcome).toEqual({ status: 'completed', result: null });
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (1), (2)');
    expect((await harness.run(stated())).outcome).toEqual({ status: 'completed', result: { word: 'done' } });
    expect((await harness.run(stated({ attempt: 2 }))).outcome).toEqual({ status: 'completed', result: { word: 'done' } });
  });

  it('given a row in the way in the table of the handler, when the step runs, then that is its own failure, not taken for a repeated delivery', async () => {
    await harness.dataSource.query(`INSERT INTO seats (number, taken_by) VALUES (1, 'somebody')`);
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'INSERT INTO seats (number, taken_by) VALUES (1, $1)', values: [key] });
    const job = stated();
    expect((await harness.run(job)).outcome).toMatchObject({ status: 'failed', failure: { message: expect.stringContaining('seats_pkey') } });
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given one statement of many that fails, when they share a transaction, then only its own step fails', async () => {
    harness.bench.statement = (input) => sqlStatement({ text: 'INSERT INTO seats (number) VALUES ($1)', values: [(input as { index: number }).index], result: input });
    const jobs = Array.from({ length: 40 }, (_each, index) => stated({ input: [{ index: index === 20 ? 5_000 : index }] }));
    await harness.queues.addBulk('inventory', jobs.map((job) => ({ name: job.activityType, data: job, jobId: `job-${randomUUID()}` })));
    const outcomes = await Promise.all(jobs.map((job) => harness.outcomeOf(job)));
    expect(outcomes.map((each) => each.outcome.status)).toEqual(jobs.map((_job, index) => (index === 20 ? 'failed' : 'completed')));
    const [{ count }] = await harness.dataSource.query('SELECT count(*)::int FROM seats');
    expect(count).toBe(39);
  });

  it('given a statement that cannot be understood, when others run after it, then it fails and they do not', async () => {
    harness.bench.statement = () => sqlStatement({ text: 'INSERT INTO nowhere VALUES (1)' });
    expect((await harness.run(stated())).outcome).toMatchObject({ status: 'failed', failure: { message: expect.stringContaining('nowhere') } });
    harness.bench.statement = undefined;
    expect((await harness.run(stated())).outcome).toMatchObject({ status: 'completed' });
  });

  it('given a time limit, when the statement waits longer, then it is ended and a later attempt has the effect once', async () => {
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (7)');
    const other = await elsewhere();
    await other.query('UPDATE seats SET taken_by = NULL WHERE number = 7');
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'UPDATE seats SET taken_by = $1 WHERE number = 7', values: [key], result: 'seat 7' });
    const job = stated({ startToCloseTimeoutMs: 150 });
    expect((await harness.run(job)).outcome).toMatchObject({ status: 'failed', failure: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } });
    await until('nobody waits', async () => (await harness.lockWaits()) === 0);
    await other.commitTransaction();
    await other.release();
    expect(await harness.inboxRow(job.key)).toBeUndefined();
    expect((await harness.run({ ...job, attempt: 2, startToCloseTimeoutMs: 60_000 })).outcome).toEqual({ status: 'completed', result: 'seat 7' });
  });

  it('given a connection that breaks under a statement, when the step goes on, then it has its effect once', async () => {
    await harness.dataSource.query('INSERT INTO seats (number) VALUES (7)');
    const other = await elsewhere();
    await other.query('UPDATE seats SET taken_by = NULL WHERE number = 7');
    harness.bench.statement = (_input, key) => sqlStatement({ text: 'UPDATE seats SET taken_by = $1 WHERE number = 7', values: [key], result: 'seat 7' });
    const job = stated();
    await harness.dispatch(job);
    await until('it waits', async () => (await harness.lockWaits()) === 1);
    await harness.dataSource.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    await other.commitTransaction();
    await other.release();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: 'seat 7' });
  });

  it('given an edit, when the effect under the old key has not happened, then the new one has it and the old one never will', async () => {
    const job = stated();
    const edited = stated({ runId: job.runId, key: `${job.key}/r1`, supersedesKey: job.key, attempt: 2 });
    expect((await harness.run(edited)).outcome).toMatchObject({ status: 'completed' });
    expect((await harness.run(job)).outcome).toMatchObject(failing(ACTIVITY_FAILURE_TYPE.stepUndone, true));
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a handler that refuses, or asks for a manager, when it is called, then that is the failure, and nothing was asked of the database', async () => {
    harness.bench.statement = () => {
      throw ApplicationFailure.nonRetryable('No.', 'Refused');
    };
    expect((await harness.run(stated())).outcome).toMatchObject(failing('Refused', true));
    harness.bench.statement = () => Context.current().manager;
    expect((await harness.run(stated())).outcome).toMatchObject({ failure: { message: 'Context.manager is not there in an activity of mode "statement".' } });
  });

  it('given dates and arrays among the values, when the step runs, then they arrive as they would otherwise', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    harness.bench.statement = (_input, key) =>
      sqlStatement({ text: `INSERT INTO effects (key, note) VALUES ($1, $2::timestamptz AT TIME ZONE 'UTC' || ' ' || array_to_string($3::int[], '+'))`, values: [key, at, [1, 2]] });
    const job = stated();
    await harness.run(job);
    expect(await harness.effectsOf(job)).toEqual(['2026-01-02 03:04:05.678 1+2']);
  });

  it('given a text that modifies nothing, when a statement is made of it, then that is an error', () => {
    expect(() => sqlStatement({ text: 'SELECT 1' })).toThrow(TypeError);
  });
});
