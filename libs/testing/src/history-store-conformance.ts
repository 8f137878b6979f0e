import type { AttemptRecord, HistoryStore, RunAppend } from '@backstitch/engine';
import type { Incident } from '@backstitch/protocol';
import { chainConformance } from './history-store-chain-conformance.js';
import { attempt, continuation, creation, freshWorkflowId, incident, loadOne, quiet, STARTED_AT_MS } from './history-store-samples.js';
import type { TestFramework } from './test-framework.js';

/** A store to be judged, and how to put it away. Called for each test; the stores may share one database. */
export type HistoryStoreMaker = () => Promise<{
  store: HistoryStore;
  /** A store of the same kind whose database cannot be reached. */
  unreachable(): Promise<HistoryStore>;
  dispose(): Promise<void>;
}>;

/**
 * What every HistoryStore must do, as tests. Each test uses ids of its own, so that it does not mind what is in the store already.
 * @param framework `describe`, `it` and `expect` of the test runner
 */
export function historyStoreConformance(framework: TestFramework, makeStore: HistoryStoreMaker): void {
  const { describe, expect } = framework;
  type Made = Awaited<ReturnType<HistoryStoreMaker>>;
  const it = (name: string, body: (store: HistoryStore, made: Made) => Promise<void>): void =>
    framework.it(name, async () => {
      const made = await makeStore();
      try {
        await body(made.store, made);
      } finally {
        await made.dispose();
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

    it('given an attempt with all fields, when it is committed, then nothing is lost or changed', async (store) => {
      const whole: Required<AttemptRecord> = {
        scheduledEventId: 5,
        attempt: 4,
        dispatch: 2,
        revision: 2,
        supersedesKey: 'run/5',
        editedInput: ['é 漢字 😀', null],
        firstFailureAtMs: STARTED_AT_MS + 1,
        lastFailure: { message: 'refused' },
        lastStartedAtMs: STARTED_AT_MS + 2,
        nextAttemptAtMs: STARTED_AT_MS + 3,
        heartbeatDetails: null,
        running: { startedAtMs: STARTED_AT_MS, heardFromAtMs: STARTED_AT_MS + 1, identity: 'worker', completesOutside: true, heartbeatCheckAtMs: STARTED_AT_MS + 9 },
        graceUntilMs: STARTED_AT_MS + 4,
        paused: { reason: 'wait', identity: 'someone', sinceMs: STARTED_AT_MS },
        failedAttempts: [{ attempt: 3, startedAtMs: STARTED_AT_MS, finishedAtMs: STARTED_AT_MS + 2, failure: { message: 'refused' } }],
      };
      const first: RunAppend = { ...creation(), upsertAttempts: [whole] };
      await store.commit([first]);
      expect((await loadOne(store, first.record.runId))?.attempts).toEqual([whole]);
    });

    it('given a memo that changes, when the append says so, then the new one is kept, and so is what came before it', async (store) => {
      const first = creation({ memo: { old: true } });
      await store.commit([first]);
      const changed: RunAppend = { ...continuation(first.record, { memo: { new: [null] } }), memoChanged: true };
      await store.commit([changed]);
      await store.commit([continuation(changed.record)]);
      const loaded = await loadOne(store, first.record.runId);
      expect(loaded?.record.memo).toEqual({ new: [null] });
      expect(loaded?.events.length).toEqual(first.events.length + 2);
    });

    it('given what was committed and what was loaded, when somebody changes it, then the store does not', async (store) => {
      const first = creation({ memo: { list: [1] } });
      const memo = structuredClone(first.record.memo);
      await store.commit([first]);
      (first.record.memo.list as number[]).push(2);
      first.events.length = 0;
      const loaded = await loadOne(store, first.record.runId);
      expect(loaded?.record.memo).toEqual(memo);
      (loaded?.record.memo.list as number[]).push(3);
      loaded?.events.pop();
      const again = await loadOne(store, first.record.runId);
      expect(again?.record.memo).toEqual(memo);
      expect(again?.events.length).toEqual(2);
    });

    it('given commits of two runs each, when they are loaded meanwhile, then nobody sees one without the other', async (store) => {
      for (const isLinked of [false, true]) {
        let pair: [RunAppend, RunAppend] = [creation(), creation()];
        await store.commit(pair);
        const runIds = pair.map(({ record }) => record.runId);
        for (let round = 0; round < 10; round += 1) {
          const [one, other] = [continuation(pair[0].record), continuation(pair[1].record)];
          pair = [one, isLinked ? { ...other, after: one.record.runId } : other];
          const loads = Array.from({ length: 4 }, () => store.load(runIds));
          const [[first, second]] = await Promise.all([store.commit(pair), ...loads]);
          expect([first?.status, second?.status]).toEqual(['committed', 'committed']);
          for (const load of loads) {
            const [left, right] = await load;
            expect(left?.record.nextEventId).toEqual(right?.record.nextEventId);
            expect(left?.events.length).toEqual(right?.events.length);
          }
        }
      }
    });

    it('given a database that cannot be reached, when anything is asked of the store, then it is StoreUnavailableError', async (_, { unreachable }) => {
      const store = await unreachable();
      const nameOf = async (work: Promise<unknown>): Promise<string> => work.then(() => 'answered', (error: unknown) => (error as Error).name);
      expect(await nameOf(store.commit([creation()]))).toEqual('StoreUnavailableError');
      expect(await nameOf(store.load([crypto.randomUUID()]))).toEqual('StoreUnavailableError');
      expect(await nameOf(store.findByWorkflowIds(['any']))).toEqual('StoreUnavailableError');
    });

    chainConformance(framework, it);
  });
}
