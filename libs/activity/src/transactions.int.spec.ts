import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { ActivityJob, ActivityOutcome } from '@backstitch/protocol';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { ACTIVITY_FAILURE_TYPE, Context } from './index.js';

describe.each(queueBackendsUnderTest())('transactional steps, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend);
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  const insert = async (manager: EntityManager | undefined, key: string, note: string): Promise<void> => {
    await manager?.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [key, note]);
  };
  /** Under a job id of its own: nothing tells the worker that it is a duplicate. */
  const dispatchUnmarked = (job: ActivityJob) => harness.queues.addBulk('inventory', [{ name: job.activityType, data: job, jobId: `copy-${randomUUID()}` }]);
  const outcomesOf = async (job: ActivityJob, count: number): Promise<ActivityOutcome[]> => {
    const found = () => harness.outcomes().filter((each) => each.key === job.key);
    await until(`${count} outcomes`, () => found().length === count);
    return found();
  };

  it('given a step that completed, when it comes again and nothing says so, then it has no second effect and the stored result is sent', async () => {
    const job = harness.job({ activityType: 'reserve' });
    await harness.run(job);
    await dispatchUnmarked(job);
    const [, second] = await outcomesOf(job, 2);
    expect(second).toMatchObject({ repeated: true, outcome: { status: 'completed', result: { reservationId: 'reservation-o1' } } });
    expect(await harness.effectsOf(job)).toEqual(['reserved']);
  });

  it('given a handler that does not mind what its statements come to, when its step is a known one, then nothing that it does is kept, however late', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async () => 'the first';
    await harness.run(job);
    const statements = deferred<unknown[]>();
    const late = deferred();
    harness.bench.script = async (manager) => {
      const first = await insert(manager, job.key, 'again').catch((error: unknown) => error);
      await late.promise;
      const second = await insert(manager, job.key, 'late').catch((error: unknown) => error);
      statements.resolve([first, second]);
      return 'the second';
    };
    await dispatchUnmarked(job);
    const [, second] = await outcomesOf(job, 2);
    expect(second).toMatchObject({ repeated: true, outcome: { result: 'the first' } });
    late.resolve();
    expect(await statements.promise).toEqual([expect.any(Error), expect.any(Error)]);
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given 20 copies of one step at once that nothing tells apart, when they run, then there is one effect and 20 times its result', async () => {
    const job = harness.job({ activityType: 'reserve' });
    await Promise.all(Array.from({ length: 20 }, () => dispatchUnmarked(job)));
    const outcomes = await outcomesOf(job, 20);
    expect(outcomes.map((each) => each.outcome)).toEqual(outcomes.map(() => ({ status: 'completed', result: { reservationId: 'reservation-o1' } })));
    expect(outcomes.filter((each) => each.repeated)).toHaveLength(19);
    expect(await harness.effectsOf(job)).toEqual(['reserved']);
  });

  it('given a row that comes in between by other means, when the step is about to commit, then its effect falls and the other one counts', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      await insert(manager, job.key, 'doubled');
      await harness.dataSource.query(`INSERT INTO inbox (key, activity_type, state, undone_at) VALUES ($1, 'scripted', 'absent', now())`, [job.key]);
    };
    expect((await harness.run(job)).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a handler that asks for many things at once, when they are answered, then each gets its own answer', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      const ask = async (index: number): Promise<unknown> => (await manager?.query('SELECT $1::int AS index', [index]))[0].index;
      const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(ask));
      await insert(manager, job.key, 'done');
      return answers;
    };
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: [0, 1, 2, 3, 4, 5, 6, 7] });
    expect(await harness.effectsOf(job)).toEqual(['done']);
  });

  it('given a handler that opens a transaction within, when that one is rolled back, then only what it did is', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      const inner = manager?.transaction(async (within) => {
        await insert(within, job.key, 'within');
        throw new Error('not this');
      });
      await inner?.catch(() => undefined);
      await insert(manager, job.key, 'around');
      return Context.current().manager.queryRunner?.isTransactionActive;
    };
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: true });
    expect(await harness.effectsOf(job)).toEqual(['around']);
  });

  it('given a handler that hides that a statement failed, when it returns, then nothing is kept and the attempt has failed', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      await insert(manager, job.key, 'before');
      await manager?.query('SELECT 1 / 0').catch(() => undefined);
      return 'all is well';
    };
    expect((await harness.run(job)).outcome).toMatchObject({ status: 'failed', failure: { message: expect.stringContaining('transaction is aborted') } });
    expect(await harness.effectsOf(job)).toEqual([]);
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given a handler that ends the transaction, when it returns, then that is a failure for good, and no result is stored', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      await manager?.query('ROLLBACK');
      return 'all is well';
    };
    expect((await harness.run(job)).outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.transactionEnded, nonRetryable: true } },
    });
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given statements that the connection has forgotten, when steps run, then they are made known again', async () => {
    harness.bench.script = async (manager) => manager?.query('DEALLOCATE ALL').then(() => null);
    const forgetting = harness.job({ activityType: 'scripted' });
    expect((await harness.run(forgetting)).outcome).toMatchObject({ failure: { message: expect.stringContaining('does not exist') } });
    harness.bench.script = async () => 'done';
    expect((await harness.run({ ...forgetting, attempt: 2 })).outcome).toEqual({ status: 'completed', result: 'done' });
  });

  it('given subscribers of TypeORM, when a step commits, then they hear of its transaction', async () => {
    const heard: string[] = [];
    const subscriber = { afterTransactionStart: () => void heard.push('started'), afterTransactionCommit: () => void heard.push('committed') };
    harness.dataSource.subscribers.push(subscriber);
    try {
      const job = harness.job({ activityType: 'reserve' });
      await harness.run(job);
      expect(await harness.effectsOf(job)).toEqual(['reserved']);
    } finally {
      harness.dataSource.subscribers.splice(harness.dataSource.subscribers.indexOf(subscriber), 1);
    }
    expect(heard).toEqual(['started', 'committed']);
  });
});
