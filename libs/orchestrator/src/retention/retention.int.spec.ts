import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { ENVELOPE_VERSION, RETENTION_JOB_NAME, type RetentionAnswerJob, type RetentionQuestionJob } from '@backstitch/protocol';
import { consume, JobQueues, type Consumer, type QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import { FakeService } from '../../test/fake-service.js';
import { eventually, makeQueueConnection, startReplica, type Replica } from '../../test/orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { bundleTestWorkflows } from '../../test/test-workflows.js';
import { Database } from '../store/database.js';
import { ClosedRuns } from './closed-runs.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

describe('closed runs', () => {
  let database: TestDatabase;
  let closedRuns: ClosedRuns;

  beforeAll(async () => {
    database = await makeTestDatabase('retention');
    closedRuns = new ClosedRuns(new Database(database.dataSource));
  });
  afterEach(() => database.dataSource.query('TRUNCATE orchestrator.execution, orchestrator.history, orchestrator.attempt, orchestrator.incident'));
  afterAll(() => database.drop());

  /** A run with one row in each table. */
  async function insertRun(fields: { closedAtMs?: number; openIncidents?: number; historySizeBytes?: number } = {}): Promise<string> {
    const runId = randomUUID();
    const { closedAtMs = null, openIncidents = 0, historySizeBytes = 100 } = fields;
    await database.dataSource.query(
      `INSERT INTO orchestrator.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, closed_at_ms, next_event_id,
        history_size_bytes, open_activities, open_incidents, request_fingerprint, search_attributes, memo)
       VALUES ($1, $2, 't', 1, $3, 1, $4, 3, $5, 0, $6, 'f', '{}', '{}')`,
      [runId, `w-${runId}`, closedAtMs === null ? 'RUNNING' : 'COMPLETED', closedAtMs, historySizeBytes, openIncidents],
    );
    await database.dataSource.query(`INSERT INTO orchestrator.history VALUES ($1, 1, 2, '[]')`, [runId]);
    await database.dataSource.query(`INSERT INTO orchestrator.attempt VALUES ($1, 2, '{}')`, [runId]);
    await database.dataSource.query(`INSERT INTO orchestrator.incident VALUES ($1, 1, 'RETRIES_EXHAUSTED', 1, $2, '{}')`, [runId, openIncidents > 0]);
    return runId;
  }

  async function rows(): Promise<Record<string, string[]>> {
    const read = async (table: string): Promise<string[]> =>
      ((await database.dataSource.query(`SELECT run_id FROM orchestrator.${table} ORDER BY run_id`)) as { run_id: string }[]).map(({ run_id }) => run_id);
    return { execution: await read('execution'), history: await read('history'), attempt: await read('attempt'), incident: await read('incident') };
  }

  it('given runs closed long ago, lately and not at all, when those of long ago are removed, then nothing of them is left, and all of the others', async () => {
    await insertRun({ closedAtMs: 1_000 });
    const kept = [await insertRun({ closedAtMs: 1_001 }), await insertRun()].sort();
    expect(await closedRuns.remove(1_000, 10, ANY_SIZE)).toEqual({ runs: 1, isFull: false });
    expect(await rows()).toEqual({ execution: kept, history: kept, attempt: kept, incident: kept });
  });

  it('given a closed run with an open incident, when runs are removed, then it stays for the person who has to look at it', async () => {
    const held = await insertRun({ closedAtMs: 1, openIncidents: 1 });
    expect((await closedRuns.remove(1_000, 10, ANY_SIZE)).runs).toBe(0);
    expect((await rows()).execution).toEqual([held]);
  });

  it('given a closed run that owes another run a word, when runs are removed, then it stays until that was said', async () => {
    const owing = await insertRun({ closedAtMs: 1 });
    await database.dataSource.query('UPDATE orchestrator.execution SET open_calls = 1 WHERE run_id = $1', [owing]);
    expect((await closedRuns.remove(1_000, 10, ANY_SIZE)).runs).toBe(0);
    await database.dataSource.query('UPDATE orchestrator.execution SET open_calls = 0 WHERE run_id = $1', [owing]);
    expect((await closedRuns.remove(1_000, 10, ANY_SIZE)).runs).toBe(1);
  });

  it('given more runs than a batch holds, when batches are removed, then each is bounded and the longest closed go first', async () => {
    const oldest = [await insertRun({ closedAtMs: 1 }), await insertRun({ closedAtMs: 2 })];
    const newest = await insertRun({ closedAtMs: 3 });
    expect(await closedRuns.remove(1_000, 2, ANY_SIZE)).toEqual({ runs: 2, isFull: true });
    const { execution = [] } = await rows();
    expect([oldest.some((runId) => execution.includes(runId)), execution]).toEqual([false, [newest]]);
    expect(await closedRuns.remove(1_000, 2, ANY_SIZE)).toEqual({ runs: 1, isFull: false });
  });

  it('given large histories, when a batch is removed, then it ends with the run that exceeds its bytes, and says that there is more', async () => {
    for (let closedAtMs = 1; closedAtMs <= 3; closedAtMs += 1) await insertRun({ closedAtMs, historySizeBytes: 1_000 });
    expect(await closedRuns.remove(1_000, 10, 1_500)).toEqual({ runs: 2, isFull: true });
    expect(await closedRuns.remove(1_000, 10, 500)).toEqual({ runs: 1, isFull: false });
  });

  it('given somebody who is at a run, when runs are removed, then it is skipped without waiting, and goes next time', async () => {
    const busy = await insertRun({ closedAtMs: 1 });
    await insertRun({ closedAtMs: 2 });
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT 1 FROM orchestrator.execution WHERE run_id = $1 FOR NO KEY UPDATE', [busy]);
    expect((await closedRuns.remove(1_000, 10, ANY_SIZE)).runs).toBe(1);
    await runner.rollbackTransaction();
    await runner.release();
    expect((await rows()).execution).toEqual([busy]);
    expect((await closedRuns.remove(1_000, 10, ANY_SIZE)).runs).toBe(1);
  });

  it('given two replicas that remove at once, when they are done, then every run went once', async () => {
    for (let count = 0; count < 20; count += 1) await insertRun({ closedAtMs: 1 + count });
    const other = new ClosedRuns(new Database(await database.connect(2)));
    const batches = await Promise.all([closedRuns, other, closedRuns, other].map((each) => each.remove(1_000, 10, ANY_SIZE)));
    const leftOver = await closedRuns.remove(1_000, 20, ANY_SIZE);
    expect([...batches, leftOver].reduce((sum, { runs }) => sum + runs, 0)).toBe(20);
  });

  it('given what is not a run id, or an id in other letters, when it is asked which runs are gone, then only ids of ours are called gone', async () => {
    const existing = await insertRun();
    const gone = randomUUID();
    const asked = [existing, existing.toUpperCase(), gone, 'no-uuid'].map((runId) => ({ runId, keys: [`${runId}/5`] }));
    expect(await closedRuns.gone(asked)).toEqual([{ runId: gone, keys: [`${gone}/5`] }]);
  });
});

describe.each(queueBackendsUnderTest())('retention of a replica with queues on %s', (backend) => {
  let database: TestDatabase;
  let workflows: WorkflowBundle;
  let connection: QueueConnection;
  let replica: Replica;
  let service: FakeService | undefined;
  let answers: Consumer | undefined;
  let nowMs = Date.now();

  beforeAll(async () => {
    database = await makeTestDatabase('retention-replica');
    connection = await makeQueueConnection(backend, database, ['shop']);
    workflows = await bundleTestWorkflows();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    nowMs = Date.now();
    replica = await startReplica({ dataSource: database.dataSource, queueConnection: connection, workflows, clock: { now: () => nowMs }, retentionBatchRunsMax: 2 });
  });
  afterEach(async () => {
    await replica.stop();
    await service?.stop();
    await answers?.close(1_000);
    service = answers = undefined;
  });

  async function closedRun(workflowId: string): Promise<string> {
    const [started] = await replica.start({ workflowType: 'greeting', args: ['x'], workflowId });
    await replica.closed(workflowId);
    return (started as { runId: string }).runId;
  }

  it('given runs that have closed and one that sleeps, when 30 days have passed, then the closed ones are gone and counted, and their ids are free', async () => {
    service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: 'hello' }));
    const ids = Array.from({ length: 5 }, () => `closed-${randomUUID()}`);
    for (const workflowId of ids) await closedRun(workflowId);
    const [sleeping] = await replica.start({ workflowType: 'napping', args: [400 * DAY_MS] });
    expect(await replica.host.removeClosedRuns()).toBe(0);
    nowMs += 30 * DAY_MS;
    expect(await replica.host.removeClosedRuns()).toBe(5);
    expect((await replica.call('GET', `/workflows/${ids[0]}`)).status).toBe(404);
    expect((await replica.call('GET', `/workflows/${sleeping?.workflowId}`)).status).toBe(200);
    expect(await replica.registry.metrics()).toContain('backstitch_closed_runs_removed_total 5');
    expect(await replica.start({ workflowType: 'greeting', args: ['again'], workflowId: ids[0] as string })).toMatchObject([{ status: 'started' }]);
  });

  it('given a batch whose removal has not committed yet, when an order is started and goes on meanwhile, then it completes', async () => {
    service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: 'hello' }));
    const removedId = `removed-${randomUUID()}`;
    const runId = await closedRun(removedId);
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT 1 FROM orchestrator.execution WHERE run_id = $1 FOR UPDATE', [runId]);
    await runner.query('DELETE FROM orchestrator.history WHERE run_id = $1', [runId]);
    await runner.query('DELETE FROM orchestrator.execution WHERE run_id = $1', [runId]);
    const workflowId = `meanwhile-${randomUUID()}`;
    await closedRun(workflowId);
    expect(await replica.closed(workflowId)).toMatchObject({ status: 'COMPLETED' });
    await runner.rollbackTransaction();
    await runner.release();
  });

  it('given a service that asks, when one run is gone and one is not, then the answer names the one that is gone; asked again it is the same', async () => {
    service = new FakeService(connection, 'shop', () => ({ status: 'completed', result: 'hello' }));
    const goneRunId = await closedRun(`gone-${randomUUID()}`);
    const [open] = await replica.start({ workflowType: 'waiting', workflowId: `open-${randomUUID()}` });
    nowMs += 30 * DAY_MS;
    await replica.host.removeClosedRuns();
    await service.stop();
    service = undefined;
    const received: RetentionAnswerJob[] = [];
    answers = consume<RetentionAnswerJob>(connection, 'shop', async ({ data }) => void received.push(data));
    const gone = { runId: goneRunId, keys: [`${goneRunId}/5`] };
    const question: RetentionQuestionJob = {
      envelopeVersion: ENVELOPE_VERSION,
      kind: 'retentionQuestion',
      runs: [gone, { runId: (open as { runId: string }).runId, keys: ['x/5'] }],
    };
    const queues = new JobQueues(connection);
    for (const round of [1, 2]) {
      await queues.addBulk('shop.outcomes', [{ name: RETENTION_JOB_NAME, data: question, jobId: `question-${round}` }]);
      await eventually('the question is answered', () => received.length === round);
    }
    expect(received).toEqual(Array.from({ length: 2 }, () => ({ envelopeVersion: 1, kind: 'retentionAnswer', gone: [gone], closedRunsKeptMs: 30 * DAY_MS })));
    await queues.close();
  });
});
