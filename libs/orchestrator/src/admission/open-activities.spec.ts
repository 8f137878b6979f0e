import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AttemptRecord, RunRecord } from '@backstitch/engine';
import type { HistoryEvent } from '@backstitch/protocol';
import { OpenActivities } from './open-activities.js';

let nowMs: number;
let open: OpenActivities;

beforeEach(() => {
  nowMs = 0;
  open = new OpenActivities(() => nowMs);
});

const record = (runId: string, nextEventId: number, status: RunRecord['status'] = 'RUNNING') => ({ runId, nextEventId, status }) as RunRecord;
const scheduled = (eventId: number, taskQueue: string) => ({ eventId, eventType: 'ACTIVITY_TASK_SCHEDULED', attributes: { taskQueue } }) as unknown as HistoryEvent;
const closed = (eventId: number, scheduledEventId: number, how: 'COMPLETED' | 'FAILED' | 'TIMED_OUT' | 'CANCELED' = 'COMPLETED') =>
  ({ eventId, eventType: `ACTIVITY_TASK_${how}`, attributes: { scheduledEventId } }) as unknown as HistoryEvent;
const attempt = (scheduledEventId: number, number: number) => ({ scheduledEventId, attempt: number, dispatch: 1, revision: 0, failedAttempts: [] }) as AttemptRecord;
const commit = (runId: string, nextEventId: number, events: HistoryEvent[], upsertAttempts: AttemptRecord[] = [], status: RunRecord['status'] = 'RUNNING') =>
  open.committed({ record: record(runId, nextEventId, status), events, upsertAttempts });
const counts = () => Object.fromEntries(open.counts());

describe('OpenActivities', () => {
  it('given runs that go on from step to step, when counted, then each queue has what waits for it', () => {
    commit('a', 6, [scheduled(5, 'stock')]);
    commit('b', 6, [scheduled(5, 'stock')]);
    commit('a', 12, [closed(7, 5), scheduled(11, 'payment')]);
    expect(counts()).toEqual({ stock: 1, payment: 1 });
    expect([open.fullest, open.answered, open.countOf('nothing')]).toEqual([1, 1, 0]);
  });

  it.each(['COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCELED'] as const)('given an activity that ends as %s, when counted, then it is no longer open', (how) => {
    commit('a', 6, [scheduled(5, 'stock')]);
    commit('a', 8, [closed(7, 5, how)]);
    expect(counts()).toEqual({});
  });

  it('given an activity that waits for its second attempt, when counted, then it is left out and its end changes nothing', () => {
    commit('a', 6, [scheduled(5, 'stock')]);
    commit('a', 6, [], [attempt(5, 2)]);
    expect(counts()).toEqual({});
    commit('a', 8, [closed(7, 5)]);
    expect(counts()).toEqual({});
  });

  it('given a first attempt that is dispatched again, when counted, then it is still one', () => {
    commit('a', 6, [scheduled(5, 'stock')]);
    commit('a', 6, [], [attempt(5, 1)]);
    expect(counts()).toEqual({ stock: 1 });
  });

  it('given a run that is closed with activities open, when counted, then nothing of it is left', () => {
    commit('a', 7, [scheduled(5, 'stock'), scheduled(6, 'payment')]);
    commit('a', 8, [], [], 'TERMINATED');
    expect(counts()).toEqual({});
  });

  it('given a run that is loaded, when counted, then what the store has of it replaces what was known', () => {
    commit('a', 6, [scheduled(5, 'stock')]);
    const events = [scheduled(5, 'stock'), closed(7, 5), scheduled(11, 'payment'), scheduled(12, 'shipping')];
    expect(open.loaded({ record: record('a', 13), events, attempts: [attempt(12, 3)], incidents: [] })).toBe(2);
    expect(counts()).toEqual({ payment: 1 });
    expect(open.loaded({ record: record('a', 14, 'COMPLETED'), events, attempts: [], incidents: [] })).toBe(0);
    expect(counts()).toEqual({});
  });

  it('given runs of different age, when the quiet ones are asked for, then the longest quiet come first, and what was confirmed or went on does not', () => {
    commit('a', 6, [scheduled(5, 'stock')]);
    commit('b', 6, [scheduled(5, 'stock')]);
    nowMs = 100;
    commit('c', 6, [scheduled(5, 'stock')]);
    commit('a', 7, [scheduled(6, 'stock')]);
    expect(open.quietSince(50, 10)).toEqual([{ runId: 'b', nextEventId: 6 }]);
    open.confirmed(['b', 'unknown']);
    expect(open.quietSince(50, 10)).toEqual([]);
    expect(open.quietSince(100, 2).map(({ runId }) => runId)).toEqual(['c', 'a']);
    expect(counts()).toEqual({ stock: 4 });
  });

  it('given any interleaving of runs, when all have ended, then nothing is counted', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    let state = seed;
    const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    const runs = new Map<string, { next: number; open: number[] }>();
    let expected = 0;
    for (let step = 0; step < 3_000; step += 1) {
      const runId = `run-${random(40)}`;
      const run = runs.get(runId) ?? { next: 5, open: [] };
      runs.set(runId, run);
      const ended = run.open.length > 0 && random(2) === 0 ? run.open.splice(random(run.open.length), 1)[0]! : undefined;
      const events = ended === undefined ? [scheduled(run.next, `queue-${random(3)}`)] : [closed(run.next, ended)];
      if (ended === undefined) run.open.push(run.next);
      expected += ended === undefined ? 1 : -1;
      run.next += 1;
      commit(runId, run.next, events);
    }
    const total = [...open.counts().values()].reduce((sum, count) => sum + count, 0);
    expect({ seed, total }).toEqual({ seed, total: expected });
    for (const [runId, run] of runs) commit(runId, run.next, [], [], 'COMPLETED');
    expect({ seed, counts: counts() }).toEqual({ seed, counts: {} });
  });
});
