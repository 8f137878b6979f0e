import { afterEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { activityJobId, type ActivityJob } from '@backstitch/protocol';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { cancellationDetails, cancellationSignal, Context, sleep } from './index.js';

describe.each(queueBackendsUnderTest())('a service that stops, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  afterEach(() => harness.stop());

  const stateOf = async (job: ActivityJob): Promise<string | undefined> => (await harness.queues.queue('inventory').getJob(activityJobId(job)))?.getState();

  async function begin(graceMs: number, script: () => Promise<unknown>): Promise<ActivityJob> {
    harness = await ActivityHarness.start(backend, { graceMs });
    harness.bench.script = script;
    harness.bench.entered = deferred();
    const job = harness.job({ activityType: 'externalScripted' });
    await harness.dispatch(job);
    await harness.bench.entered.promise;
    return job;
  }

  it('given a handler that heeds its signal, when the service stops, then it hears why, and its job is back on the queue at once, without an outcome', async () => {
    let reason: unknown;
    let details: unknown;
    const job = await begin(60_000, async () => {
      try {
        await sleep('1 hour');
      } catch (error) {
        [reason, details] = [error, cancellationDetails()];
        throw error;
      }
    });
    await harness.app.close();
    expect(reason).toMatchObject({ name: 'CancelledFailure', message: 'WORKER_SHUTDOWN' });
    expect(details).toMatchObject({ workerShutdown: true, cancelRequested: false });
    expect(await stateOf(job)).toBe('waiting');
    expect(harness.outcomes()).toEqual([]);
    const other = await ActivityHarness.start(backend, {}, undefined, { connection: harness.connection });
    other.bench.script = async () => 'made elsewhere';
    // Both read the outcomes: it comes to one of them.
    const outcomes = () => [...harness.outcomes(), ...other.outcomes()];
    await until('it is made elsewhere', () => outcomes().length === 1);
    expect(outcomes()).toMatchObject([{ key: job.key, attempt: 1, dispatch: 1, outcome: { status: 'completed', result: 'made elsewhere' } }]);
    await other.stop();
  });

  it('given a handler that has its work done within the time of grace, when the service stops, then its outcome is sent', async () => {
    const job = await begin(60_000, async () => {
      const signal = cancellationSignal();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return Context.current().completeWith(async () => 'tidied up');
    });
    await harness.app.close();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: 'tidied up' });
    expect(await stateOf(job)).toBeUndefined();
  });

  it('given a handler that does not end, when the time of grace is over, then its job is back on the queue, and what it still tries cannot commit', async () => {
    const late = deferred<unknown>();
    const job = await begin(200, async () => {
      const context = Context.current();
      const signal = cancellationSignal();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 400));
      await context.transaction((manager) => manager.query(`INSERT INTO effects (key, note) VALUES ('late', 'late')`)).catch((error: unknown) => late.resolve(error));
    });
    await harness.app.close();
    expect(await stateOf(job)).toBe('waiting');
    expect(await late.promise).toBeInstanceOf(Error);
    expect(await harness.effectsOf({ key: 'late' })).toEqual([]);
  });
});
