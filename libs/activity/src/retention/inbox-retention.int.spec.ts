import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { ENVELOPE_VERSION, RETENTION_JOB_NAME, type RetentionAnswerJob, type RetentionQuestionJob, type RunKeys } from '@backstitch/protocol';
import { consume, type Consumer } from '@backstitch/queues';
import { Registry } from 'prom-client';
import { ActivityHarness } from '../../test/activity-harness.js';
import { until } from '../../test/deferred.js';
import { ActivityHost, activityMetrics, type ActivityModuleOptions } from '../index.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A run id as the orchestrator makes it: the time in front. */
function runIdAt(startedAtMs: number): string {
  const time = startedAtMs.toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

let harness: ActivityHarness | undefined;
let orchestrator: Consumer | undefined;
afterEach(async () => {
  await orchestrator?.close(1_000);
  await harness?.stop();
  harness = orchestrator = undefined;
});

describe.each(queueBackendsUnderTest())('the inbox’ retention, on %s', (backend) => {
  let nowMs = Date.now();
  const questions: RetentionQuestionJob[] = [];
  const registry = new Registry();

  async function start(options: Partial<ActivityModuleOptions> = {}): Promise<ActivityHarness> {
    nowMs = Date.now();
    questions.length = 0;
    const started = await ActivityHarness.start(backend, { clock: { now: () => nowMs }, ...options });
    harness = started;
    return started;
  }

  /** Plays the orchestrator: reads the questions, and answers them if told to. */
  async function answerWith(started: ActivityHarness, goneOf: (runs: RunKeys[]) => RunKeys[] | undefined, closedRunsKeptMs = 30 * DAY_MS): Promise<void> {
    await started.stopReadingOutcomes();
    await orchestrator?.close(1_000);
    orchestrator = consume<RetentionQuestionJob>(started.connection, 'inventory.outcomes', async ({ data }) => {
      if (data.kind !== 'retentionQuestion') return;
      questions.push(data);
      const gone = goneOf(data.runs);
      if (gone !== undefined) await answer(started, { gone, closedRunsKeptMs });
    });
  }

  async function answer(started: ActivityHarness, fields: Pick<RetentionAnswerJob, 'gone' | 'closedRunsKeptMs'>): Promise<void> {
    const data: RetentionAnswerJob = { envelopeVersion: ENVELOPE_VERSION, kind: 'retentionAnswer', ...fields };
    await started.queues.addBulk('inventory', [{ name: RETENTION_JOB_NAME, data, jobId: `answer-${randomBytes(8).toString('hex')}` }]);
  }

  const step = async (started: ActivityHarness, runId = runIdAt(Date.now())): Promise<string> => {
    const job = started.job({ activityType: 'reserve', runId });
    await started.run(job);
    return job.key;
  };
  const exists = async (started: ActivityHarness, key: string): Promise<boolean> => (await started.inboxRow(key)) !== undefined;
  const ask = (started: ActivityHarness): Promise<number> => started.app.get(ActivityHost).askWhichRunsAreGone();
  /** All that was put on the service's queue before has been worked on. */
  const settled = (started: ActivityHarness): Promise<void> => until('the queue is empty', async () => (await started.queues.queue('inventory').getJobCounts('waiting', 'active', 'prioritized')).active === 0 && (await started.queues.queue('inventory').getWaitingCount()) === 0);

  it('given a run that is gone and one that is still open after a year, when it is asked, then the rows of the first are removed and counted, and those of the other stay', async () => {
    const started = await start({ observer: activityMetrics(registry) });
    const open = await step(started);
    const gone = await step(started);
    const undo = started.undoJob(started.job({ activityType: 'reserve', runId: gone.split('/')[0] as string }));
    await started.run(undo);
    await answerWith(started, (runs) => runs.filter(({ runId }) => gone.startsWith(runId)));
    expect(await ask(started)).toBe(0);
    nowMs += 365 * DAY_MS;
    expect(await ask(started)).toBe(3);
    await until('the rows are gone', async () => !(await exists(started, gone)));
    expect([await exists(started, undo.key), await exists(started, open)]).toEqual([false, true]);
    expect(await registry.metrics()).toContain('backstitch_inbox_rows_removed_total 2');
    registry.clear();
  });

  it('given rows of a run that is gone but is not 30 days old, when an answer comes all the same, then they stay', async () => {
    const started = await start();
    const key = await step(started);
    nowMs += 29 * DAY_MS;
    expect(await ask(started)).toBe(0);
    await answer(started, { gone: [{ runId: key.split('/')[0] as string, keys: [key] }], closedRunsKeptMs: 30 * DAY_MS });
    await settled(started);
    expect(await exists(started, key)).toBe(true);
  });

  it('given an answer that got lost, when the next time comes, then it is asked again and the rows are removed', async () => {
    const started = await start();
    const key = await step(started);
    nowMs += 31 * DAY_MS;
    await answerWith(started, () => undefined);
    expect(await ask(started)).toBe(1);
    await until('the question came', () => questions.length === 1);
    expect(await exists(started, key)).toBe(true);
    await answerWith(started, (runs) => runs);
    expect(await ask(started)).toBe(1);
    await until('the row is gone', async () => !(await exists(started, key)));
  });

  it('given two instances, when both want to ask within an hour, then one does', async () => {
    const started = await start({ retentionIntervalMs: 60 * 60 * 1_000 });
    await step(started);
    nowMs += 31 * DAY_MS;
    const retention = started.app.get(ActivityHost)['retention'];
    const asked = await Promise.all([retention.ask(), retention.ask()]);
    expect(asked.sort()).toEqual([0, 1]);
  });

  it('given more rows than a page, when it is asked, then each question is bounded and all rows are asked about', async () => {
    const started = await start();
    await started.dataSource.query(
      `INSERT INTO inbox (key, activity_type, state) SELECT $1 || n || '/5', 'reserve', 'completed' FROM generate_series(100000, 102099) n`,
      [runIdAt(Date.now()).slice(0, -6)],
    );
    await answerWith(started, () => undefined);
    nowMs += 31 * DAY_MS;
    expect(await ask(started)).toBe(2_100);
    await until('all questions came', () => questions.length === 3);
    expect(questions.map(({ runs }) => runs.length).sort((a, b) => a - b)).toEqual([100, 1_000, 1_000]);
  });

  it('given an orchestrator that keeps closed runs for less than late jobs are refused for, when it answers, then no key is forgotten, and the log tells why', async () => {
    const started = await start();
    const key = await step(started);
    nowMs += 31 * DAY_MS;
    await answer(started, { gone: [{ runId: key.split('/')[0] as string, keys: [key] }], closedRunsKeptMs: DAY_MS });
    await until('it was told', () => started.logs.some(({ message }) => message.includes('no key is forgotten')));
    expect(await exists(started, key)).toBe(true);
  });

  it('given keys are kept for ever, when years have passed, then nothing is asked and nothing removed', async () => {
    const started = await start({ retentionMs: 0 });
    const key = await step(started);
    nowMs += 4_000 * DAY_MS;
    expect(await ask(started)).toBe(0);
    await answer(started, { gone: [{ runId: key.split('/')[0] as string, keys: [key] }], closedRunsKeptMs: 30 * DAY_MS });
    await settled(started);
    expect(await exists(started, key)).toBe(true);
  });

  it('given a late duplicate of a step whose row was removed, when it surfaces, then it has no effect and says why', async () => {
    const started = await start();
    const job = started.job({ activityType: 'reserve', runId: runIdAt(Date.now()) });
    await started.run(job);
    nowMs += 31 * DAY_MS;
    await answer(started, { gone: [{ runId: job.runId, keys: [job.key] }], closedRunsKeptMs: 30 * DAY_MS });
    await until('the row is gone', async () => !(await exists(started, job.key)));
    // Put on its queue while the run was open, and handed out only now.
    const { outcome } = await started.run({ ...job, dispatch: 2 });
    expect(outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'BackstitchJobExpired', nonRetryable: false, nextRetryDelayMs: 0 } } });
    expect(await started.effectsOf(job)).toHaveLength(1);
    expect(await exists(started, job.key)).toBe(false);
  });
});
