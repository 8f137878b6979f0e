import type { AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import { partitionOf, type HistoryEvent, type Incident } from '@backstitch/protocol';
import type { TestFramework } from './test-framework.js';

/** A store to be judged, and how to put it away. Called for each test; the stores may share one database. */
export type HistoryStoreMaker = () => Promise<{ store: HistoryStore; dispose(): Promise<void> }>;

/**
 * What every HistoryStore must do, as tests. Each test uses ids of its own, so that it does not mind what is in the store already.
 * @param framework `describe`, `it` and `expect` of the test runner
 */
export function historyStoreConformance(framework: TestFramework, makeStore: HistoryStoreMaker): void {
  const { describe, expect } = framework;
  const it = (name: string, body: (store: HistoryStore) => Promise<void>): void =>
    framework.it(name, async () => {
      const { store, dispose } = await makeStore();
      try {
        await body(store);
      } finally {
        await dispose();
      }
    });

  describe('as every history store', () => {
    it('given nothing, when a run is created, then it loads as it was committed', async (store) => {
      const append = creation();
      expect(await store.commit([append])).toEqual([{ status: 'committed' }]);
      expect(await loadOne(store, append.record.runId)).toEqual({
        record: append.record,
        events: append.events,
        attempts: [],
        incidents: [],
      });
    });

    it('given a record with all fields, when it is committed, then nothing is lost or changed', async (store) => {
      const append = creation({
        status: 'FAILED',
        closedAtMs: STARTED_AT_MS + 5,
        wakeAtMs: Date.UTC(2126, 0, 1),
        openActivities: 3,
        openIncidents: 2,
        historySizeBytes: 3_000_000_000,
        searchAttributes: { Word: ['é", \\ 漢字 😀'], Number: [1.5], Whole: [9_007_199_254_740_991], Flag: [false], Time: ['2026-01-01T00:00:00.000Z'] },
        memo: { nested: { list: [1, null, 'x', { deep: true }] } },
        result: { ok: [true, null] },
        failure: { message: 'no', cause: { message: 'why', applicationFailureInfo: { type: 'T', nonRetryable: true, details: [{ a: 1 }] } } },
      });
      await store.commit([append]);
      expect((await loadOne(store, append.record.runId))?.record).toEqual(append.record);
      expect(await store.findByWorkflowIds([append.record.workflowId])).toEqual([append.record]);
    });

    it('given results that are null, when they are committed, then null is not taken for nothing', async (store) => {
      const append = creation({ status: 'COMPLETED', closedAtMs: STARTED_AT_MS + 1, result: null });
      await store.commit([append]);
      const loaded = await loadOne(store, append.record.runId);
      expect(loaded?.record.result).toEqual(null);
      expect(loaded?.record.failure).toEqual(undefined);
    });

    it('given a run, when events are appended at its fence, then they follow in order and the record is replaced', async (store) => {
      const first = creation();
      const second = continuation(first.record, { wakeAtMs: STARTED_AT_MS + 60_000, openActivities: 1 });
      const third = continuation(second.record, { wakeAtMs: undefined, openActivities: 0 });
      await store.commit([first]);
      expect(await store.commit([second])).toEqual([{ status: 'committed' }]);
      expect(await store.commit([third])).toEqual([{ status: 'committed' }]);
      const loaded = await loadOne(store, first.record.runId);
      expect(loaded?.events).toEqual([...first.events, ...second.events, ...third.events]);
      expect(loaded?.record).toEqual(third.record);
    });

    it('given events that come with their JSON, when they are committed, then they load as they were', async (store) => {
      const first = creation();
      const second = continuation(first.record);
      const withJson = (append: RunAppend): RunAppend => ({ ...append, eventsJson: [Buffer.from(JSON.stringify(append.events))] });
      await store.commit([withJson(first)]);
      expect(await store.commit([withJson(second)])).toEqual([{ status: 'committed' }]);
      expect((await loadOne(store, first.record.runId))?.events).toEqual([...first.events, ...second.events]);
    });

    it('given a run that went on, when an append expects an older event id, then it is stale and leaves no trace', async (store) => {
      const first = creation();
      const second = continuation(first.record);
      await store.commit([first]);
      await store.commit([second]);
      const stale: RunAppend = {
        ...continuation(first.record, { openActivities: 9 }),
        upsertAttempts: [attempt(1)],
        upsertIncidents: [incident(1)],
      };
      expect(await store.commit([stale])).toEqual([{ status: 'stale' }]);
      expect(await loadOne(store, first.record.runId)).toEqual({
        record: second.record,
        events: [...first.events, ...second.events],
        attempts: [],
        incidents: [],
      });
    });

    it('given a run that does not exist, when an append goes on with it, then it is stale', async (store) => {
      const never = continuation(creation().record);
      expect(await store.commit([never])).toEqual([{ status: 'stale' }]);
      expect(await store.load([never.record.runId])).toEqual([]);
    });

    it('given a batch with one stale append, when it is committed, then the others are applied and the answers keep their order', async (store) => {
      const [before, raced, after] = [creation(), creation(), creation()];
      await store.commit([before, raced, after]);
      const winner = continuation(raced.record);
      await store.commit([winner]);
      const created = creation();
      const results = await store.commit([continuation(before.record), continuation(raced.record), created, continuation(after.record)]);
      expect(results.map(({ status }) => status)).toEqual(['committed', 'stale', 'committed', 'committed']);
      expect((await loadOne(store, before.record.runId))?.events.length).toEqual(before.events.length + 1);
      expect((await loadOne(store, raced.record.runId))?.record).toEqual(winner.record);
      expect((await loadOne(store, created.record.runId))?.record).toEqual(created.record);
      expect((await loadOne(store, after.record.runId))?.events.length).toEqual(after.events.length + 1);
    });

    it('given a workflow id that is taken, when another run is created under it, then the run that has it is answered', async (store) => {
      const first = creation();
      await store.commit([first]);
      const other = creation();
      const second = creation({ workflowId: first.record.workflowId, requestFingerprint: 'another' });
      const results = await store.commit([second, other]);
      expect(results).toEqual([{ status: 'exists', existing: first.record }, { status: 'committed' }]);
      expect(await store.load([second.record.runId])).toEqual([]);
      expect((await store.findByWorkflowIds([first.record.workflowId])).map(({ runId }) => runId)).toEqual([first.record.runId]);
    });

    it('given two writers that append at the same fence at once, when both have ended, then exactly one has won', async (store) => {
      const first = creation();
      await store.commit([first]);
      const results = await Promise.all(Array.from({ length: 8 }, () => store.commit([continuation(first.record)])));
      expect(results.flat().map(({ status }) => status).sort()).toEqual(['committed', ...Array.from({ length: 7 }, () => 'stale')]);
      expect((await loadOne(store, first.record.runId))?.events.length).toEqual(first.events.length + 1);
    });

    it('given two writers that create the same workflow id at once, when both have ended, then exactly one has won', async (store) => {
      const workflowId = freshWorkflowId();
      const creations = Array.from({ length: 8 }, () => creation({ workflowId }));
      const results = await Promise.all(creations.map((append) => store.commit([append])));
      expect(results.flat().map(({ status }) => status).sort()).toEqual(['committed', ...Array.from({ length: 7 }, () => 'exists')]);
      const [found] = await store.findByWorkflowIds([workflowId]);
      const winner = creations[results.findIndex(([result]) => result?.status === 'committed')];
      expect(found?.runId).toEqual(winner?.record.runId);
    });

    it('given two batches of the same runs in opposite order at once, when they are committed, then neither blocks the other for good', async (store) => {
      const runs = Array.from({ length: 20 }, () => creation());
      await store.commit(runs);
      const batch = runs.map(({ record }) => continuation(record));
      const results = await Promise.all([store.commit(batch), store.commit([...batch].reverse())]);
      const [forwards, backwards] = [results[0] ?? [], [...(results[1] ?? [])].reverse()];
      expect(forwards.map(({ status }, index) => [status, backwards[index]?.status].sort())).toEqual(runs.map(() => ['committed', 'stale']));
    });

    it('given an append without events, when it is committed, then the fence is compared and the rest is written', async (store) => {
      const first = creation({ openActivities: 1 });
      await store.commit([first]);
      const still: RunAppend = { ...quiet(first.record, { wakeAtMs: STARTED_AT_MS + 9 }), upsertAttempts: [attempt(5)] };
      expect(await store.commit([still])).toEqual([{ status: 'committed' }]);
      const loaded = await loadOne(store, first.record.runId);
      expect(loaded?.record.wakeAtMs).toEqual(STARTED_AT_MS + 9);
      expect(loaded?.attempts).toEqual([attempt(5)]);
      await store.commit([continuation(first.record)]);
      expect(await store.commit([still])).toEqual([{ status: 'stale' }]);
    });

    it('given attempts, when they are upserted and deleted, then the newest of each open activity is loaded', async (store) => {
      const first: RunAppend = { ...creation(), upsertAttempts: [attempt(5), attempt(6), attempt(7)] };
      await store.commit([first]);
      const changed: AttemptRecord = {
        scheduledEventId: 6,
        attempt: 12,
        dispatch: 3,
        revision: 1,
        supersedesKey: `${first.record.runId}/6`,
        editedInput: [{ input: null, list: [1, 2] }],
        firstFailureAtMs: STARTED_AT_MS + 1,
        lastFailure: { message: 'refused', applicationFailureInfo: { type: 'Refused', nonRetryable: false } },
        lastStartedAtMs: STARTED_AT_MS + 2,
        nextAttemptAtMs: STARTED_AT_MS + 3,
        heartbeatDetails: { checkpoint: 7 },
        failedAttempts: [{ attempt: 11, startedAtMs: STARTED_AT_MS, finishedAtMs: STARTED_AT_MS + 2, failure: { message: 'refused' } }],
      };
      await store.commit([{ ...quiet(first.record), upsertAttempts: [changed], deleteAttempts: [7] }]);
      const loaded = await loadOne(store, first.record.runId);
      expect([...(loaded?.attempts ?? [])].sort((a, b) => a.scheduledEventId - b.scheduledEventId)).toEqual([attempt(5), changed]);
    });

    it('given an attempt, when a writer whose copy is older writes it too, then it does not go back', async (store) => {
      const first: RunAppend = { ...creation(), upsertAttempts: [{ ...attempt(5), attempt: 3, dispatch: 2 }] };
      await store.commit([first]);
      for (const [number, dispatch] of [[2, 9], [3, 1]] as const) {
        await store.commit([{ ...quiet(first.record), upsertAttempts: [{ ...attempt(5), attempt: number, dispatch }] }]);
        expect((await loadOne(store, first.record.runId))?.attempts).toEqual(first.upsertAttempts);
      }
      for (const [number, dispatch] of [[3, 2], [3, 10], [10, 1]] as const) {
        const later = { ...attempt(5), attempt: number, dispatch, heartbeatDetails: 'later' };
        await store.commit([{ ...quiet(first.record), upsertAttempts: [later] }]);
        expect((await loadOne(store, first.record.runId))?.attempts).toEqual([later]);
      }
    });

    it('given incidents, when they are opened and resolved, then all are loaded with what is known of them', async (store) => {
      const first: RunAppend = { ...creation({ openIncidents: 2 }), upsertIncidents: [incident(1), incident(2)] };
      await store.commit([first]);
      const resolved: Incident = {
        ...incident(1),
        kind: 'NONDETERMINISM',
        scheduledEventId: 5,
        failure: { message: 'why' },
        divergence: { eventId: 5, recorded: { type: 'a' }, produced: null },
        resolution: { action: 'retry', reason: 'mended', identity: 'someone', resolvedAtMs: STARTED_AT_MS + 7 },
      };
      await store.commit([{ ...quiet(first.record, { openIncidents: 1 }), upsertIncidents: [resolved] }]);
      const loaded = await loadOne(store, first.record.runId);
      expect([...(loaded?.incidents ?? [])].sort((a, b) => a.incidentNumber - b.incidentNumber)).toEqual([resolved, incident(2)]);
    });

    it('given several runs, when some are asked for with unknown ids among them, then the known ones are answered', async (store) => {
      const runs = [creation(), creation(), creation()];
      await store.commit(runs);
      const [first, , third] = runs.map(({ record }) => record);
      const wanted = [third?.runId ?? '', crypto.randomUUID(), first?.runId ?? ''];
      expect((await store.load(wanted)).map(({ record }) => record.runId).sort()).toEqual([first?.runId, third?.runId].sort());
      const found = await store.findByWorkflowIds([freshWorkflowId(), first?.workflowId ?? '']);
      expect(found).toEqual([first]);
      expect(await store.load([])).toEqual([]);
      expect(await store.findByWorkflowIds([])).toEqual([]);
      expect(await store.commit([])).toEqual([]);
    });

    it('given open calls, when a run is committed and goes on, then their number is kept and replaced', async (store) => {
      const first = creation({ openCalls: 3 });
      await store.commit([first]);
      expect((await loadOne(store, first.record.runId))?.record.openCalls).toEqual(3);
      await store.commit([continuation(first.record, { openCalls: 1 })]);
      expect((await loadOne(store, first.record.runId))?.record.openCalls).toEqual(1);
    });

    it('given a run that closes, when the next run of its workflow id replaces it in the same commit, then that one is current and both can be loaded', async (store) => {
      const first = creation();
      await store.commit([first]);
      const closing = continuation(first.record, { status: 'CONTINUED_AS_NEW', closedAtMs: STARTED_AT_MS + 9 });
      const next: RunAppend = { ...creation({ workflowId: first.record.workflowId }), replaces: first.record.runId, after: first.record.runId };
      expect(await store.commit([closing, next])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
      expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([next.record]);
      expect((await loadOne(store, first.record.runId))?.record).toEqual(closing.record);
      expect((await loadOne(store, next.record.runId))?.events).toEqual(next.events);
      // The run that was replaced can still be written to, by its fence.
      expect(await store.commit([continuation(closing.record)])).toEqual([{ status: 'committed' }]);
      expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([next.record]);
    });

    it('given a run that went on meanwhile, when its close and its successor are committed, then both are stale and nothing is written', async (store) => {
      const first = creation();
      const raced = continuation(first.record);
      await store.commit([first]);
      await store.commit([raced]);
      const other = creation();
      const next: RunAppend = { ...creation({ workflowId: first.record.workflowId }), replaces: first.record.runId, after: first.record.runId };
      const results = await store.commit([continuation(first.record), next, other]);
      expect(results).toEqual([{ status: 'stale' }, { status: 'stale' }, { status: 'committed' }]);
      expect(await store.load([next.record.runId])).toEqual([]);
      expect(await store.findByWorkflowIds([first.record.workflowId])).toEqual([raced.record]);
    });

    it('given a run that follows another without replacing it, when both are committed, then each is current under its own id', async (store) => {
      const first = creation();
      await store.commit([first]);
      const beside: RunAppend = { ...creation(), after: first.record.runId };
      expect(await store.commit([continuation(first.record), beside])).toEqual([{ status: 'committed' }, { status: 'committed' }]);
      expect(await store.findByWorkflowIds([beside.record.workflowId])).toEqual([beside.record]);
    });

    it('given a run that is no longer current, when another is created to replace it, then the current one is answered', async (store) => {
      const first = creation({ status: 'COMPLETED', closedAtMs: STARTED_AT_MS + 1 });
      const { workflowId, runId } = first.record;
      await store.commit([first]);
      const second: RunAppend = { ...creation({ workflowId }), replaces: runId };
      const late: RunAppend = { ...creation({ workflowId }), replaces: runId };
      expect(await store.commit([second])).toEqual([{ status: 'committed' }]);
      expect(await store.commit([late])).toEqual([{ status: 'exists', existing: second.record }]);
      expect(await store.load([late.record.runId])).toEqual([]);
      expect(await store.findByWorkflowIds([workflowId])).toEqual([second.record]);
    });

    it('given two writers that replace the same run at once, when both have ended, then exactly one has won', async (store) => {
      const first = creation({ status: 'FAILED', closedAtMs: STARTED_AT_MS + 1 });
      const { workflowId, runId } = first.record;
      await store.commit([first]);
      const nexts = Array.from({ length: 8 }, (): RunAppend => ({ ...creation({ workflowId }), replaces: runId }));
      const results = await Promise.all(nexts.map((next) => store.commit([next])));
      expect(results.flat().map(({ status }) => status).sort()).toEqual(['committed', ...Array.from({ length: 7 }, () => 'exists')]);
      const [found] = await store.findByWorkflowIds([workflowId]);
      expect(found?.runId).toEqual(nexts[results.findIndex(([result]) => result?.status === 'committed')]?.record.runId);
    });

    it('given a run id that stands in the store, when it is created again, then it exists and nothing changes', async (store) => {
      const first = creation();
      await store.commit([first]);
      const again: RunAppend = { ...creation({ workflowId: first.record.workflowId }) };
      again.record = { ...again.record, runId: first.record.runId };
      expect(await store.commit([again])).toEqual([{ status: 'exists', existing: first.record }]);
      expect((await loadOne(store, first.record.runId))?.events).toEqual(first.events);
    });

    it('given two hundred runs in one commit, when they are loaded together, then each has its own events', async (store) => {
      const runs = Array.from({ length: 200 }, () => creation());
      expect((await store.commit(runs)).every(({ status }) => status === 'committed')).toEqual(true);
      const loaded = new Map((await store.load(runs.map(({ record }) => record.runId))).map((stored) => [stored.record.runId, stored.events]));
      expect(runs.every(({ record, events }) => JSON.stringify(loaded.get(record.runId)?.map(({ eventId }) => eventId)) === JSON.stringify(events.map(({ eventId }) => eventId)))).toEqual(true);
      expect(runs.every(({ record }) => loaded.get(record.runId)?.[0]?.eventTimeMs === STARTED_AT_MS)).toEqual(true);
    });
  });
}

const STARTED_AT_MS = Date.UTC(2026, 0, 1, 12);

function freshWorkflowId(): string {
  return `conformance-${crypto.randomUUID()}`;
}

function creation(changes: Partial<RunRecord> = {}): RunAppend {
  const workflowId = changes.workflowId ?? freshWorkflowId();
  const runId = crypto.randomUUID();
  const events: HistoryEvent[] = [
    {
      eventId: 1,
      eventType: 'WORKFLOW_EXECUTION_STARTED',
      eventTimeMs: STARTED_AT_MS,
      attributes: { workflowId, runId, workflowType: 'conformance', taskQueue: 'default', input: ['é 漢字 😀', 1.5, null], randomnessSeed: runId },
    },
    { eventId: 2, eventType: 'WORKFLOW_TASK_SCHEDULED', eventTimeMs: STARTED_AT_MS, attributes: {} },
  ];
  return {
    isNew: true,
    expectedNextEventId: 1,
    events,
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: {
      workflowId,
      runId,
      workflowType: 'conformance',
      partition: partitionOf(workflowId),
      status: 'RUNNING',
      startedAtMs: STARTED_AT_MS,
      nextEventId: 3,
      historySizeBytes: 100,
      openActivities: 0,
      openIncidents: 0,
      requestFingerprint: 'fingerprint',
      searchAttributes: {},
      memo: {},
      ...changes,
    },
  };
}

/** One event more at the record's fence. */
function continuation(record: RunRecord, changes: Partial<RunRecord> = {}): RunAppend {
  const eventId = record.nextEventId;
  return {
    ...quiet({ ...record, nextEventId: eventId + 1, historySizeBytes: record.historySizeBytes + 10 }, changes),
    expectedNextEventId: eventId,
    events: [{ eventId, eventType: 'WORKFLOW_EXECUTION_SIGNALED', eventTimeMs: STARTED_AT_MS + eventId, attributes: { signalName: 'go', input: [{ eventId }] } }],
  };
}

/** No event, at the record's fence. */
function quiet(record: RunRecord, changes: Partial<RunRecord> = {}): RunAppend {
  return {
    isNew: false,
    expectedNextEventId: record.nextEventId,
    events: [],
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: { ...record, ...changes },
  };
}

function attempt(scheduledEventId: number): AttemptRecord {
  return { scheduledEventId, attempt: 2, dispatch: 1, revision: 0, failedAttempts: [] };
}

function incident(incidentNumber: number): Incident {
  return { incidentNumber, kind: 'UNDO_FAILED', openedAtMs: STARTED_AT_MS, message: 'The undo failed.' };
}

async function loadOne(store: HistoryStore, runId: string): Promise<StoredRun | undefined> {
  return (await store.load([runId]))[0];
}
