import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunAppend, RunRecord } from '@backstitch/engine';
import { partitionOf, StoreUnavailableError } from '@backstitch/protocol';
import { historyStoreConformance, type TestFramework } from '@backstitch/testing';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { Database } from './database.js';
import { PostgresHistoryStore } from './postgres-history-store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await makeTestDatabase('history_store');
});
const others: TestDatabase[] = [];
const makeDatabaseOfItsOwn = async (): Promise<TestDatabase> => {
  const other = await makeTestDatabase('history_store_fresh');
  others.push(other);
  return other;
};
afterAll(async () => {
  await Promise.all([database, ...others].map((each) => each.drop()));
});

describe('the history store on Postgres', () => {
  historyStoreConformance({ describe, it, expect } as TestFramework, async () => ({
    store: new PostgresHistoryStore(new Database(database.dataSource)),
    unreachable: async () => {
      const closed = await database.connect();
      await closed.destroy();
      return new PostgresHistoryStore(new Database(closed));
    },
    dispose: async () => undefined,
  }));

  it('given many batches that share runs in every order, when they are committed at once, then none deadlocks and each run has one winner', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const runs = Array.from({ length: 30 }, () => creation());
    await store.commit(runs);
    const batches = Array.from({ length: 12 }, (_, shift) => {
      const rotated = [...runs.slice(shift * 2), ...runs.slice(0, shift * 2)];
      const newcomers = Array.from({ length: 5 }, (__, index) => creation({ workflowId: `shared-${shift % 2 === 0 ? index : 4 - index}` }));
      return [...rotated.map(({ record }) => continuation(record)), ...newcomers];
    });
    const results = await Promise.all(batches.map((batch) => store.commit(batch)));
    const winners = new Map<string, number>();
    results.forEach((answers, batch) =>
      answers.forEach(({ status }, index) => {
        const workflowId = batches[batch]?.[index]?.record.workflowId ?? '';
        if (status === 'committed') winners.set(workflowId, (winners.get(workflowId) ?? 0) + 1);
      }),
    );
    expect([...winners.values()]).toEqual(Array.from({ length: 35 }, () => 1));
  });

  it('given many writers that would each take one run’s place, when they commit at once, then one does, and the others are told who is current', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const first = creation();
    await store.commit([first]);
    const { workflowId, runId } = first.record;
    const successors = Array.from({ length: 8 }, () => ({ ...creation({ workflowId }), replaces: runId }));
    const others = Array.from({ length: 8 }, () => creation());
    const results = await Promise.all(successors.map((successor, index) => store.commit([successor, others[index] as RunAppend])));
    const winners = successors.filter((_, index) => results[index]?.[0]?.status === 'committed');
    expect(winners).toHaveLength(1);
    expect(results.map(([, other]) => other?.status)).toEqual(others.map(() => 'committed'));
    expect((await store.findByWorkflowIds([workflowId])).map((record) => record.runId)).toEqual([winners[0]?.record.runId]);
    expect(results.flatMap(([result]) => (result?.status === 'exists' ? [result.existing.runId] : []))).toEqual(Array.from({ length: 7 }, () => winners[0]?.record.runId));
  });

  it('given a successor whose run id exists, when it would take another run’s place, then that one stays current', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const [current, elsewhere] = [creation(), creation()];
    await store.commit([current, elsewhere]);
    const { workflowId, runId } = current.record;
    const [result] = await store.commit([{ ...creation({ workflowId, runId: elsewhere.record.runId }), replaces: runId }]);
    expect(result).toMatchObject({ status: 'exists' });
    expect((await store.findByWorkflowIds([workflowId])).map((record) => record.runId)).toEqual([runId]);
  });

  it('given batches in which runs follow each other, when they share runs in every order, then none deadlocks and each run has one winner', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const runs = Array.from({ length: 12 }, () => creation());
    await store.commit(runs);
    const batches = Array.from({ length: 8 }, (_, shift) => {
      const rotated = [...runs.slice(shift), ...runs.slice(0, shift)];
      return rotated.flatMap(({ record }) => [continuation(record), { ...creation({ workflowId: record.workflowId }), replaces: record.runId, after: record.runId }]);
    });
    const results = await Promise.all(batches.map((batch) => store.commit(batch)));
    expect(results.flat().filter(({ status }) => status === 'committed')).toHaveLength(24);
    // A successor that came too late is as stale as the run before it.
    expect(results.every((answers) => answers.every(({ status }, index) => index % 2 === 0 || status === answers[index - 1]?.status))).toBe(true);
  });

  it('given texts that jsonb refuses, when they are committed, then history keeps them and the batch is not lost', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const odd = creation({ searchAttributes: { Word: ['a\0b', '\ud800'] }, memo: { nul: '\0', half: '\ud800' }, result: '\0' });
    const [signal] = continuation(odd.record).events;
    const events = [{ ...signal!, eventId: 1, attributes: { signalName: 'odd', input: ['\0', '\udc00'] } }] as RunAppend['events'];
    expect(await store.commit([{ ...odd, events }, creation()])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
    const [loaded] = await store.load([odd.record.runId]);
    expect(loaded?.events).toEqual(events);
    expect(loaded?.record.memo).toEqual(odd.record.memo);
    expect(loaded?.record.searchAttributes).toEqual({ Word: ['a\uFFFDb', '\uFFFD'] });
  });

  it('given a timer beyond all times and one at a broken millisecond, when they are committed, then neither costs the batch its commit', async () => {
    const store = new PostgresHistoryStore(new Database(database.dataSource));
    const [far, broken] = [creation({ wakeAtMs: Infinity }), creation({ wakeAtMs: 1_000.5 })];
    expect(await store.commit([far, broken])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
    const loaded = new Map((await store.load([far.record.runId, broken.record.runId])).map(({ record }) => [record.runId, record.wakeAtMs]));
    expect(loaded.get(far.record.runId)).toBeUndefined();
    expect(loaded.get(broken.record.runId)).toBe(1_000);
  });

  it('given a pool without a free connection, when a run is asked for, then the answer is StoreUnavailableError within the time-out', async () => {
    const dataSource = await database.connect(1);
    const store = new PostgresHistoryStore(new Database(dataSource, { acquireTimeoutMs: 500, retryAfterMs: 7 }));
    const holder = dataSource.createQueryRunner();
    await holder.connect();
    try {
      const failure = await store.findByWorkflowIds(['any']).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreUnavailableError);
      expect((failure as StoreUnavailableError).retryAfterMs).toBe(7);
    } finally {
      await holder.release();
    }
    expect(await store.findByWorkflowIds(['any'])).toEqual([]);
  });

  it('given a row that another transaction holds, when an append waits too long for it, then it is StoreUnavailableError and the pool serves on', async () => {
    const [store, patient] = [new PostgresHistoryStore(new Database(database.dataSource, { queryTimeoutMs: 200 })), new PostgresHistoryStore(new Database(database.dataSource))];
    const run = creation();
    await patient.commit([run]);
    const holder = database.dataSource.createQueryRunner();
    await holder.connect();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM orchestrator.execution WHERE run_id = $1 FOR UPDATE', [run.record.runId]);
    try {
      await expect(store.commit([continuation(run.record)])).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
    }
    expect(await patient.findByWorkflowIds([run.record.workflowId])).toHaveLength(1);
  });

  it('given tables that were empty when the statements were planned, when runs are written, read and found, then no table is read as a whole', async () => {
    const dataSource = await (await makeDatabaseOfItsOwn()).connect(1);
    const store = new PostgresHistoryStore(new Database(dataSource));
    const scans = async (): Promise<unknown> => {
      await dataSource.query('SELECT pg_stat_force_next_flush()');
      return dataSource.query(`SELECT relname, seq_scan::integer AS scans FROM pg_stat_user_tables WHERE schemaname = 'orchestrator' ORDER BY relname`);
    };
    const before = await scans();
    for (let round = 0; round < 8; round += 1) {
      const runs = [creation(), creation()];
      await store.commit(runs);
      await store.commit([...runs.map(({ record }) => continuation(record)), creation()]);
      await store.load(runs.map(({ record }) => record.runId));
      await store.findByWorkflowIds(runs.map(({ record }) => record.workflowId));
    }
    expect(await scans()).toEqual(before);
  });

  it('given a data source that is closed, when a commit is tried, then the answer is StoreUnavailableError', async () => {
    const dataSource = await database.connect();
    await dataSource.destroy();
    const store = new PostgresHistoryStore(new Database(dataSource));
    await expect(store.commit([creation()])).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});

function creation(changes: Partial<RunRecord> = {}): RunAppend {
  const workflowId = changes.workflowId ?? `run-${crypto.randomUUID()}`;
  const runId = crypto.randomUUID();
  return {
    isNew: true,
    expectedNextEventId: 1,
    events: [{ eventId: 1, eventType: 'WORKFLOW_TASK_SCHEDULED', eventTimeMs: 1, attributes: {} }],
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: {
      workflowId,
      runId,
      workflowType: 'spec',
      partition: partitionOf(workflowId),
      status: 'RUNNING',
      startedAtMs: 1,
      nextEventId: 2,
      historySizeBytes: 10,
      openActivities: 0,
      openIncidents: 0,
      requestFingerprint: 'fingerprint',
      searchAttributes: {},
      memo: {},
      ...changes,
    },
  };
}

function continuation(record: RunRecord): RunAppend {
  const eventId = record.nextEventId;
  return {
    isNew: false,
    expectedNextEventId: eventId,
    events: [{ eventId, eventType: 'WORKFLOW_EXECUTION_SIGNALED', eventTimeMs: 2, attributes: { signalName: 'go', input: [] } }],
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: { ...record, nextEventId: eventId + 1 },
  };
}
