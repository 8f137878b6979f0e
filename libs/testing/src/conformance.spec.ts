import { describe, expect, it } from '@jest/globals';
import type { Dispatcher, HistoryStore, Ids, LocalActivities, RunMessenger } from '@backstitch/engine';
import type { ScheduleStore, Timers } from '@backstitch/engine/schedules';
import { activityJobId, StoreUnavailableError } from '@backstitch/protocol';
import { dispatcherConformance } from './dispatcher-conformance.js';
import { EngineHarness } from './engine-harness.js';
import { historyStoreConformance } from './history-store-conformance.js';
import { idsConformance } from './ids-conformance.js';
import { InMemoryDispatcher } from './in-memory-dispatcher.js';
import { InMemoryHistoryStore } from './in-memory-history-store.js';
import { InMemoryLocalActivities } from './in-memory-local-activities.js';
import { InMemoryScheduleStore } from './in-memory-schedule-store.js';
import { localActivitiesConformance, type ConformanceLocalActivity } from './local-activities-conformance.js';
import { ManualClock } from './manual-clock.js';
import { runMessengerConformance } from './run-messenger-conformance.js';
import { scheduleStoreConformance, timersConformance } from './schedule-store-conformance.js';
import { ScriptedSandbox } from './scripted-sandbox.js';
import { SeededIds } from './seeded-ids.js';
import type { TestFramework } from './test-framework.js';

/** Runs a suite by itself, and answers the names of the tests that fail. */
async function failuresOf(suite: (framework: TestFramework) => void): Promise<string[]> {
  const tests: { name: string; body: () => Promise<void> }[] = [];
  suite({ describe: (_, body) => body(), it: (name, body) => void tests.push({ name, body }), expect } as TestFramework);
  expect(tests.length).toBeGreaterThan(0);
  const failed: string[] = [];
  for (const { name, body } of tests) {
    await body().catch(() => failed.push(name));
  }
  return failed;
}

/** An adapter with one method replaced; the others stay as they are. */
function spoiled<Port extends object>(port: Port, defect: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = name in defect ? defect[name as keyof Port] : target[name as keyof Port];
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(name in defect ? defect : target) : value;
    },
  });
}

describe('the suite of history stores sees a store', () => {
  const failures = async (defect: (store: InMemoryHistoryStore) => Partial<HistoryStore>): Promise<string[]> =>
    failuresOf((framework) =>
      historyStoreConformance(framework, async () => {
        const store = new InMemoryHistoryStore();
        return {
          store: spoiled<HistoryStore>(store, defect(store)),
          unreachable: async () => Object.assign(new InMemoryHistoryStore(), { unavailable: true }),
          dispose: async () => undefined,
        };
      }),
    );

  it('without a defect', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  it('that does not compare the fence', async () => {
    const found = await failures((store) => ({
      commit: async (appends) => {
        const fences = new Map((await store.load(appends.map(({ record }) => record.runId))).map(({ record }) => [record.runId, record.nextEventId]));
        return store.commit(appends.map((append) => ({ ...append, expectedNextEventId: fences.get(append.record.runId) ?? append.expectedNextEventId })));
      },
    }));
    expect(found).toContain('given a run that went on, when an append expects an older event id, then it is stale and leaves no trace');
  });

  it('that lets a stale append spoil the others of its batch', async () => {
    const found = await failures((store) => ({
      commit: async (appends) => {
        const known = new Map((await store.load(appends.map(({ record }) => record.runId))).map(({ record }) => [record.runId, record.nextEventId]));
        const isStale = appends.some(({ isNew, record, expectedNextEventId }) => !isNew && known.get(record.runId) !== expectedNextEventId);
        return isStale ? appends.map(() => ({ status: 'stale' as const })) : store.commit(appends);
      },
    }));
    expect(found).toContain('given a batch with one stale append, when it is committed, then the others are applied and the answers keep their order');
  });

  it('that commits run by run', async () => {
    const found = await failures((store) => ({
      commit: async (appends) => {
        const results = [];
        for (const append of appends) {
          results.push(...(await store.commit([append])));
          await new Promise((resolve) => setImmediate(resolve));
        }
        return results;
      },
      load: async (runIds) => {
        await new Promise((resolve) => setImmediate(resolve));
        return store.load(runIds);
      },
    }));
    expect(found).toContain('given commits of two runs each, when they are loaded meanwhile, then nobody sees one without the other');
  });

  it('that forgets attempts, or takes older ones', async () => {
    expect(await failures((store) => ({ commit: async (appends) => store.commit(appends.map((append) => ({ ...append, upsertAttempts: [] }))) }))).toContain(
      'given attempts, when they are upserted and deleted, then the newest of each open activity is loaded',
    );
    const backwards = await failures((store) => ({
      commit: async (appends) => {
        const gone = appends.map((append) => ({ ...append, upsertAttempts: [], deleteAttempts: append.upsertAttempts.map(({ scheduledEventId }) => scheduledEventId), isNew: false, replaces: undefined }));
        await store.commit(gone.filter((append) => append.deleteAttempts.length > 0));
        return store.commit(appends);
      },
    }));
    expect(backwards).toContain('given an attempt, when a writer whose copy is older writes it too, then it does not go back');
  });

  it('that answers as if there were nothing where it cannot be reached', async () => {
    const found = await failuresOf((framework) =>
      historyStoreConformance(framework, async () => ({
        store: new InMemoryHistoryStore(),
        unreachable: async () => new InMemoryHistoryStore(),
        dispose: async () => undefined,
      })),
    );
    expect(found).toEqual(['given a database that cannot be reached, when anything is asked of the store, then it is StoreUnavailableError']);
  });
});

describe('the suite of dispatchers sees a dispatcher', () => {
  const failures = async (defect: (dispatcher: InMemoryDispatcher) => Partial<Dispatcher>): Promise<string[]> =>
    failuresOf((framework) =>
      dispatcherConformance(framework, async () => {
        const dispatcher = new InMemoryDispatcher();
        return {
          dispatcher: spoiled<Dispatcher>(dispatcher, defect(dispatcher)),
          taskQueue: 'inventory',
          waiting: async (taskQueue) => dispatcher.waiting(taskQueue).map(({ job }) => job),
          take: async () => dispatcher.take(),
          isAskedToStop: async (_, job) => dispatcher.flagged.has(activityJobId(job)),
          unreachable: async () => Object.assign(new InMemoryDispatcher(), { unreachable: true }),
          dispose: async () => undefined,
        };
      }),
    );

  it.each<[string, (dispatcher: InMemoryDispatcher) => Partial<Dispatcher>, string | undefined]>([
    ['without a defect', () => ({}), undefined],
    ['that loses delayed jobs', (good) => ({ dispatch: async (all) => good.dispatch(all.filter(({ delayMs }) => delayMs === 0)) }), 'given jobs, when they are dispatched, then they wait on their queue with the data they were given, delayed ones too'],
    ['that puts all jobs on one queue', (good) => ({ dispatch: async (all) => good.dispatch(all.map((one) => ({ ...one, taskQueue: 'inventory' }))) }), 'given jobs for several queues, when they are dispatched in one call, then each waits on its own'],
    ['that asks a running attempt to stop where only waiting ones are meant', (good) => ({ cancel: async (all) => good.cancel(all.map(({ taskQueue, job }) => ({ taskQueue, job }))) }), 'given attempts of which only those that wait are to be cancelled, when one was taken, then its worker is left alone'],
    ['that never asks a worker to stop', (good) => ({ cancel: async (all) => good.cancel(all.map((one) => ({ ...one, onlyIfWaiting: true }))) }), 'given an attempt that a worker has taken, when it is cancelled, then it is not taken off, and its worker is asked to give up'],
    ['that tells twice what was taken off once', (good) => ({ cancel: async (all) => good.cancel(all).then(({ removed }) => ({ removed: removed.map(() => removed.includes(true)) })) }), 'given an attempt that is cancelled twice in one call, when it waits, then the first of the two took it off, as in two calls'],
    ['that answers in another order', (good) => ({ cancel: async (all) => ({ removed: [...(await good.cancel(all)).removed].reverse() }) }), 'given attempts that wait, are delayed or are unknown, when they are cancelled, then those that were there are off the queue, in the order asked'],
  ])('%s', async (_, defect, expected) => {
    const found = await failures(defect);
    expect(expected === undefined ? found : found.includes(expected)).toEqual(expected === undefined ? [] : true);
  });
});

describe('the suite of messengers sees a messenger', () => {
  const failures = async (defect: (send: RunMessenger['send']) => RunMessenger['send']): Promise<string[]> =>
    failuresOf((framework) =>
      runMessengerConformance(framework, async () => {
        const kit = new EngineHarness(
          new ScriptedSandbox({
            *listener(workflow) {
              yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'say'));
              return workflow.signals.at(-1)?.args[0];
            },
          }),
        );
        const send = defect(async (calls) => kit.engine.receive(calls));
        return {
          messenger: { send },
          listener: 'listener',
          start: async (workflowId) => ({ workflowId, runId: ((await kit.start('listener', workflowId)) as { runId: string }).runId }),
          history: async ({ runId }) => kit.store.stored(runId)?.events ?? [],
          unreachable: async () => ({ send: async () => Promise.reject(new StoreUnavailableError(1)) }),
          dispose: async () => kit.engine.close(),
        };
      }),
    );

  it.each<[string, (send: RunMessenger['send']) => RunMessenger['send'], string | undefined]>([
    ['without a defect', (send) => send, undefined],
    ['that answers in another order', (send) => async (calls) => (await send(calls)).reverse(), 'given calls to several runs, some of which nobody knows, when they are sent together, then the answers come in the order of the calls'],
    [
      'that makes another call of a repeated one',
      (send) => {
        let calls = 0;
        return async (all) => send(all.map((call) => ({ ...call, initiatedEventId: call.initiatedEventId + 1_000 * (calls += 1) })));
      },
      'given a run, when it is signalled, then the signal stands in its history when the answer comes; the same call again changes nothing',
    ],
    [
      'that answers before it is true',
      (send) => async (calls) => {
        if (calls.some(({ type }) => type !== 'cancel')) return send(calls);
        setTimeout(() => void send(calls).catch(() => undefined), 1);
        return calls.map(() => ({ status: 'done' as const }));
      },
      'given a run, when it is asked to cancel, then that stands in its history once, however often it is asked',
    ],
  ])('%s', async (_, defect, expected) => {
    const found = await failures(defect);
    expect(expected === undefined ? found : found.includes(expected)).toEqual(expected === undefined ? [] : true);
  });
});

describe('the suite of local activities sees some', () => {
  const failures = async (defect: (good: InMemoryLocalActivities) => Partial<LocalActivities>): Promise<string[]> =>
    failuresOf((framework) =>
      localActivitiesConformance(framework, async (functions: Readonly<Record<string, ConformanceLocalActivity>>) => {
        const clock = new ManualClock();
        const good = new InMemoryLocalActivities(clock);
        Object.entries(functions).forEach(([name, run]) => good.functions.set(name, (info, signal, ...args) => run({ info, signal }, ...args) as never));
        const advance = async (durationMs: number): Promise<void> => {
          clock.advance(durationMs);
          good.timePassed();
        };
        return { localActivities: spoiled<LocalActivities>(good, defect(good)), advance, dispose: async () => undefined };
      }),
    );

  it.each<[string, (good: InMemoryLocalActivities) => Partial<LocalActivities>, string | undefined]>([
    ['without a defect', () => ({}), undefined],
    ['that hide what was thrown', (good) => ({ run: async (...call) => good.run(...call).catch(() => Promise.reject(new Error('failed'))) }), 'given a function that throws, at once or later, when it is run, then that very error is what the caller gets'],
    ['that do not pause', () => ({ delay: async () => Promise.reject(new Error('no time')) }), 'given a pause, when its time has gone by, then it ends; and at once when the signal aborts, or has before'],
  ])('%s', async (_, defect, expected) => {
    const found = await failures(defect);
    expect(expected === undefined ? found : found.includes(expected)).toEqual(expected === undefined ? [] : true);
  });
});

describe('the suite of ids sees ids', () => {
  it.each<[string, Partial<Ids>, number]>([
    ['without a defect', {}, 0],
    ['that come twice', { runId: () => '00000001-0000-7000-8000-000000000001' }, 1],
    ['whose random numbers reach 1', { random: () => 1 }, 1],
  ])('%s', async (_, defect, expected) => {
    const good = new SeededIds();
    expect(await failuresOf((framework) => idsConformance(framework, () => ({ ids: spoiled<Ids>(good, defect), advance: () => undefined })))).toHaveLength(expected);
  });
});

describe('the suite of stores of schedules sees a store', () => {
  it.each<[string, (good: InMemoryScheduleStore) => Partial<ScheduleStore>, string | undefined]>([
    ['without a defect', () => ({}), undefined],
    [
      'that saves whatever version it is given',
      (good) => ({ save: async (schedule) => good.save({ ...schedule, version: (await good.load(schedule.scheduleId))?.version ?? 0 }) }),
      'given two that save the same version, at once or one after the other, when both have ended, then one has won, and its version is one more',
    ],
    ['that lists in any order', (good) => ({ list: async (after, limit) => (await good.list(after, limit)).reverse() }), 'given many schedules, when they are listed page by page, then each comes once, in order of the ids'],
    ['that wakes too early', (good) => ({ due: async (partitions, nowMs, limit) => good.due(partitions, nowMs + 1, limit) }), 'given schedules of several partitions, when those that are due are asked for, then they come longest due first, and of these partitions alone'],
  ])('%s', async (_, defect, expected) => {
    const found = await failuresOf((framework) =>
      scheduleStoreConformance(framework, async () => {
        const good = new InMemoryScheduleStore();
        return { store: spoiled<ScheduleStore>(good, defect(good)), dispose: async () => undefined };
      }),
    );
    expect(expected === undefined ? found : found.includes(expected)).toEqual(expected === undefined ? [] : true);
  });
});

describe('the suite of timers sees timers', () => {
  it.each<[string, (good: Timers) => Partial<Timers>, number]>([
    ['without a defect', () => ({}), 0],
    ['that are early', (good) => ({ at: (timeMs, run) => good.at(timeMs - 15, run) }), 1],
    ['that cannot be taken back', (good) => ({ at: (timeMs, run) => (good.at(timeMs, run), () => undefined) }), 1],
  ])('%s', async (_, defect, expected) => {
    const clock = new ManualClock();
    const waiting = new Set<{ timeMs: number; run: () => void }>();
    const good: Timers = {
      at: (timeMs, run) => {
        const entry = { timeMs, run };
        waiting.add(entry);
        return () => void waiting.delete(entry);
      },
    };
    const pass = async (durationMs: number): Promise<void> => {
      clock.advance(durationMs);
      const due = [...waiting].filter(({ timeMs }) => timeMs <= clock.now()).sort((one, other) => one.timeMs - other.timeMs);
      due.forEach((entry) => waiting.delete(entry) && entry.run());
    };
    const timers = { ...good, ...defect(good) };
    expect(await failuresOf((framework) => timersConformance(framework, () => ({ timers, nowMs: () => clock.now(), pass, dispose: () => undefined })))).toHaveLength(expected);
  });
});
