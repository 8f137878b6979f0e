import type { ScheduleStore, StoredSchedule, Timers } from '@backstitch/engine/schedules';
import type { TestFramework } from './test-framework.js';

/** A store of schedules to be judged. Called for each test; the stores may share one database. */
export type ScheduleStoreMaker = () => Promise<{ store: ScheduleStore; dispose(): Promise<void> }>;

const CREATED_AT_MS = Date.UTC(2026, 0, 1, 12);
/** Each test looks at partitions of its own. */
let partitions = 1_000;

/** What every ScheduleStore must do, as tests. */
export function scheduleStoreConformance(framework: TestFramework, makeStore: ScheduleStoreMaker): void {
  const { describe, expect } = framework;
  const it = (name: string, body: (store: ScheduleStore) => Promise<void>): void =>
    framework.it(name, async () => {
      const { store, dispose } = await makeStore();
      try {
        await body(store);
      } finally {
        await dispose();
      }
    });

  describe('as every store of schedules', () => {
    it('given a schedule, when it is created, then it loads as it was; its id is taken from then on', async (store) => {
      const schedule = scheduleOf({ memo: { é: ['漢字 😀', null] }, searchAttributes: { Word: ['x'] }, wakeAtMs: CREATED_AT_MS + 5, updatedAtMs: CREATED_AT_MS + 1 });
      expect(await store.create(schedule)).toEqual(true);
      expect(await store.load(schedule.scheduleId)).toEqual(schedule);
      expect(await store.create({ ...scheduleOf(), scheduleId: schedule.scheduleId })).toEqual(false);
      expect(await store.load(schedule.scheduleId)).toEqual(schedule);
      expect(await store.load(freshId())).toEqual(undefined);
    });

    it('given two that save the same version, at once or one after the other, when both have ended, then one has won, and its version is one more', async (store) => {
      const schedule = scheduleOf();
      await store.create(schedule);
      const saves = await Promise.all(Array.from({ length: 6 }, (_, index) => store.save({ ...schedule, memo: { index } })));
      expect(saves.filter((isSaved) => isSaved).length).toEqual(1);
      const saved = await store.load(schedule.scheduleId);
      expect([saved?.version, saved?.memo]).toEqual([schedule.version + 1, { index: saves.indexOf(true) }]);
      expect(await store.save(schedule)).toEqual(false);
      expect(await store.save({ ...(saved as StoredSchedule), memo: {}, wakeAtMs: undefined })).toEqual(true);
      expect((await store.load(schedule.scheduleId))?.version).toEqual(schedule.version + 2);
    });

    it('given a schedule, when it is deleted, then it is gone, also for whoever would save it; its id is free', async (store) => {
      const schedule = scheduleOf();
      await store.create(schedule);
      expect([await store.delete(schedule.scheduleId), await store.delete(schedule.scheduleId)]).toEqual([true, false]);
      expect(await store.save(schedule)).toEqual(false);
      expect(await store.load(schedule.scheduleId)).toEqual(undefined);
      expect(await store.create(schedule)).toEqual(true);
    });

    it('given many schedules, when they are listed page by page, then each comes once, in order of the ids', async (store) => {
      const prefix = freshId();
      const ids = ['d', 'a', 'c', 'b', 'e'].map((letter) => `${prefix}-${letter}`);
      for (const scheduleId of ids) await store.create({ ...scheduleOf(), scheduleId });
      const listed: string[] = [];
      for (let after: string = prefix; ; ) {
        const page = await store.list(after, 2);
        const own = page.filter(({ scheduleId }) => scheduleId.startsWith(prefix)).map(({ scheduleId }) => scheduleId);
        listed.push(...own);
        if (own.length < 2) break;
        after = own.at(-1) ?? '';
      }
      expect(listed).toEqual([...ids].sort());
      expect((await store.list(undefined, 1)).length).toEqual(1);
    });

    it('given schedules of several partitions, when those that are due are asked for, then they come longest due first, and of these partitions alone', async (store) => {
      const [mine, other] = [(partitions += 1), (partitions += 1)];
      const made = await Promise.all(
        [
          { partition: mine, wakeAtMs: CREATED_AT_MS + 30 },
          { partition: mine, wakeAtMs: CREATED_AT_MS + 10 },
          { partition: mine, wakeAtMs: CREATED_AT_MS + 20 },
          { partition: mine, wakeAtMs: undefined },
          { partition: other, wakeAtMs: CREATED_AT_MS },
        ].map(async (changes) => {
          const schedule = scheduleOf(changes);
          await store.create(schedule);
          return schedule.scheduleId;
        }),
      );
      expect(await store.due([mine], CREATED_AT_MS + 9, 10)).toEqual([]);
      expect(await store.due([mine], CREATED_AT_MS + 20, 10)).toEqual([made[1], made[2]]);
      expect(await store.due([mine], CREATED_AT_MS + 99, 2)).toEqual([made[1], made[2]]);
      expect(await store.due([other, mine], CREATED_AT_MS + 99, 10)).toEqual([made[4], made[1], made[2], made[0]]);
      expect(await store.due([], CREATED_AT_MS + 99, 10)).toEqual([]);
      expect(await store.earliestWakeAtMs([mine])).toEqual(CREATED_AT_MS + 10);
      expect(await store.earliestWakeAtMs([mine, other])).toEqual(CREATED_AT_MS);
      expect(await store.earliestWakeAtMs([(partitions += 1)])).toEqual(undefined);
      expect(await store.earliestWakeAtMs([])).toEqual(undefined);
    });
  });
}

/** Timers to be judged: what their clock says, and a way to let time go by. */
export type TimersMaker = () => { timers: Timers; nowMs(): number; pass(durationMs: number): Promise<void>; dispose(): void };

/** What all Timers must do, as tests. */
export function timersConformance({ describe, it, expect }: TestFramework, make: TimersMaker): void {
  describe('as all timers', () => {
    it('given times to come, when they have come, then each was called once, not before its time; what was taken back never', async () => {
      const { timers, nowMs, pass, dispose } = make();
      const calls: [string, boolean][] = [];
      const begunAtMs = nowMs();
      const call = (name: string, afterMs: number): (() => void) => timers.at(begunAtMs + afterMs, () => void calls.push([name, nowMs() >= begunAtMs + afterMs]));
      call('second', 30);
      call('first', 10);
      const takeBack = call('never', 20);
      call('past', -1_000);
      takeBack();
      takeBack();
      for (let times = 0; calls.length < 3 && times < 200; times += 1) await pass(10);
      await pass(40);
      dispose();
      // In which order those are called that have come together is nobody's promise.
      expect(calls.sort()).toEqual([
        ['first', true],
        ['past', true],
        ['second', true],
      ]);
    });
  });
}

function freshId(): string {
  return `conformance-${crypto.randomUUID()}`;
}

function scheduleOf(changes: Partial<StoredSchedule> = {}): StoredSchedule {
  return {
    scheduleId: freshId(),
    partition: (partitions += 1),
    version: 1,
    definition: { spec: { cronExpressions: ['0 12 * * MON'] }, action: { type: 'startWorkflow', workflowType: 'conformance', workflowId: 'w', args: ['é', null] }, policies: { overlap: 'SKIP' }, state: { paused: false, note: 'none' } },
    progress: { seenUpToMs: CREATED_AT_MS, actionsTaken: 1, actionsMissed: 0, actionsSkipped: 2, buffered: [{ scheduledAtMs: CREATED_AT_MS, overlap: 'SKIP', byHand: true }], running: [{ workflowId: 'w', runId: 'r' }], recentActions: [] },
    memo: {},
    searchAttributes: {},
    wakeAtMs: undefined,
    createdAtMs: CREATED_AT_MS,
    updatedAtMs: undefined,
    ...changes,
  };
}
