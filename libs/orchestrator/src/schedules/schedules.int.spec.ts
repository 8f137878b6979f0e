import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidRequestError, type ScheduleDefinition, type ScheduleSpec, type StartWorkflowRequest, type StartWorkflowResult } from '@backstitch/protocol';
import { ManualClock } from '@backstitch/testing';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import type { ClosedRuns } from '../control-api/closed-runs.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Database } from '../store/database.js';
import { ScheduleRunner, type ScheduleRunnerDependencies } from './schedule-runner.js';
import { ScheduleService } from './schedule-service.js';
import { ScheduleStore } from './schedule-store.js';
import { ScheduleTimes } from './schedule-times.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function timesOf(spec: ScheduleSpec, count = 3, afterMs = START): string[] {
  const times = new ScheduleTimes(spec, 'seed');
  const found: string[] = [];
  for (let next = times.next(afterMs); next !== undefined && found.length < count; next = times.next(next.nominalMs)) found.push(new Date(next.nominalMs).toISOString());
  return found;
}

describe('the times of a schedule', () => {
  it.each<[string, ScheduleSpec, string[]]>([
    ['intervals, counted from the epoch', { intervals: [{ everyMs: 3_600_000, offsetMs: 300_000 }] }, ['2026-01-01T00:05:00.000Z', '2026-01-01T01:05:00.000Z', '2026-01-01T02:05:00.000Z']],
    ['a cron expression', { cronExpressions: ['30 8 * * *'] }, ['2026-01-01T08:30:00.000Z', '2026-01-02T08:30:00.000Z', '2026-01-03T08:30:00.000Z']],
    ['an expression with a time zone', { cronExpressions: ['CRON_TZ=America/New_York 0 8 * * *'] }, ['2026-01-01T13:00:00.000Z', '2026-01-02T13:00:00.000Z', '2026-01-03T13:00:00.000Z']],
    ['days that must be both', { cronExpressions: ['0 0 1 * 1'] }, ['2026-06-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z', '2027-03-01T00:00:00.000Z']],
    ['a macro and an interval in words', { cronExpressions: ['@daily', '@every 12h'] }, ['2026-01-01T12:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-02T12:00:00.000Z']],
    ['a calendar', { calendars: [{ hour: [{ start: 8, end: 10, step: 2 }], dayOfWeek: [{ start: 1 }] }] }, ['2026-01-05T08:00:00.000Z', '2026-01-05T10:00:00.000Z', '2026-01-12T08:00:00.000Z']],
    ['one moment', { calendars: [{ year: [{ start: 2027 }], month: [{ start: 2 }], dayOfMonth: [{ start: 3 }], hour: [{ start: 9 }] }] }, ['2027-02-03T09:00:00.000Z']],
    ['times to be skipped', { intervals: [{ everyMs: 86_400_000 }], skip: [{ dayOfMonth: [{ start: 2 }] }] }, ['2026-01-03T00:00:00.000Z', '2026-01-04T00:00:00.000Z', '2026-01-05T00:00:00.000Z']],
    ['a beginning and an end', { intervals: [{ everyMs: 86_400_000 }], startAtMs: Date.UTC(2026, 1, 1), endAtMs: Date.UTC(2026, 1, 2) }, ['2026-02-01T00:00:00.000Z', '2026-02-02T00:00:00.000Z']],
    ['a clock that is put forward', { cronExpressions: ['0 2 * * *'], timezone: 'Europe/Berlin', startAtMs: Date.UTC(2026, 2, 28, 12) }, ['2026-03-30T00:00:00.000Z', '2026-03-31T00:00:00.000Z']],
    ['nothing', {}, []],
  ])('given %s, when times are asked for, then they are these', (_, spec, expected) => {
    const found = timesOf(spec);
    // A local time that does not exist may be taken just after it; what follows is what counts.
    expect(spec.timezone === 'Europe/Berlin' ? found.slice(1) : found).toEqual(expected);
  });

  it('given a jitter, when times are asked for again, then each is put off by as much as before, and never beyond the next', () => {
    const spec = { intervals: [{ everyMs: MINUTE }], jitterMs: 10 * MINUTE };
    const delays = Array.from({ length: 20 }, (_, index) => {
      const [one, other] = [new ScheduleTimes(spec, 'a').next(START + index * MINUTE), new ScheduleTimes(spec, 'a').next(START + index * MINUTE)];
      expect(one).toEqual(other);
      return (one?.actualMs ?? 0) - (one?.nominalMs ?? 0);
    });
    expect(Math.max(...delays)).toBeLessThan(MINUTE);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  it.each<ScheduleSpec>([
    { cronExpressions: ['99 * * * *'] },
    { cronExpressions: ['* *'] },
    { cronExpressions: ['@every soon'] },
    { intervals: [{ everyMs: 10 }] },
    { calendars: [{ hour: [{ start: 25 }] }] },
    { cronExpressions: ['0 0 * * *'], timezone: 'Middle/Earth' },
  ])('given %j, when it is read, then it is refused', (spec) => {
    expect(() => new ScheduleTimes(spec, 'seed')).toThrow(InvalidRequestError);
  });
});

describe('schedules on Postgres', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await makeTestDatabase('schedules');
  });
  afterAll(() => database.drop());
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  /** A schedule's world: a clock to be moved on, and workflows that run until they are told to end. */
  function makeWorld() {
    const clock = new ManualClock(START);
    const store = new ScheduleStore(new Database(database.dataSource));
    const running = new Map<string, string>();
    const ended = new Map<string, 'COMPLETED' | 'FAILED'>();
    const started: string[] = [];
    const ends: string[] = [];
    const startFaults: Error[] = [];
    const dependencies: ScheduleRunnerDependencies = {
      clock,
      store,
      logger: SILENT_LOGGER,
      ownedPartitions: () => Array.from({ length: 64 }, (_, index) => index),
      start: async ([request]: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> => {
        const { workflowId } = request as StartWorkflowRequest;
        const fault = startFaults.shift();
        const isTaken = running.has(workflowId) || ended.has(workflowId);
        if (!isTaken) started.push(workflowId);
        const runId = running.get(workflowId) ?? crypto.randomUUID();
        if (!isTaken) running.set(workflowId, runId);
        if (fault !== undefined) throw fault;
        return [isTaken ? { status: 'existing', workflowId, runId, executionStatus: 'RUNNING' } : { status: 'started', workflowId, runId }];
      },
      engine: {
        cancel: async (workflowId) => void ends.push(`cancel ${workflowId}`),
        terminate: async (workflowId) => {
          ends.push(`terminate ${workflowId}`);
          end(workflowId, 'FAILED');
          return {};
        },
      },
      findClosedRun: async (workflowId): Promise<ClosedRuns> => {
        const status = ended.get(workflowId);
        return { closed: status === undefined ? [] : [{ workflowId, status } as ClosedRuns['closed'][number]], unknown: [] };
      },
      // The spec says itself when the schedule is to be looked at again.
      awaitClosed: () => new Promise(() => undefined),
    };
    const runner = new ScheduleRunner(dependencies);
    const successor = new ScheduleRunner(dependencies);
    const service = new ScheduleService({ clock, store, runner, partitionCount: 64, checkAction: () => undefined });
    const end = (workflowId: string, status: 'COMPLETED' | 'FAILED'): void => {
      running.delete(workflowId);
      ended.set(workflowId, status);
    };
    const scheduleId = `s-${crypto.randomUUID()}`;
    const create = (changes: Partial<ScheduleDefinition> = {}): Promise<void> =>
      service.create({
        scheduleId,
        schedule: { spec: { intervals: [{ everyMs: MINUTE }] }, action: { type: 'startWorkflow', workflowId: 'w', workflowType: 't', args: [] }, policies: {}, state: {}, ...changes },
      });
    cleanups.push(() => runner.stop(), () => successor.stop(), () => store.delete(scheduleId));
    const pass = async (minutes: number): Promise<void> => {
      clock.advance(minutes * MINUTE);
      await runner.seeTo(scheduleId);
    };
    return { clock, store, runner, successor, service, scheduleId, create, pass, end, started, ends, startFaults, running };
  }
  const at = (minute: number): string => `w-2026-01-01T00:0${minute}:00Z`;

  it.each<[NonNullable<ScheduleDefinition['policies']['overlap']>, string[], string[]]>([
    ['SKIP', [at(1)], [at(1), at(4)]],
    ['BUFFER_ONE', [at(1)], [at(1), at(2)]],
    ['BUFFER_ALL', [at(1)], [at(1), at(2)]],
    ['CANCEL_OTHER', [at(1)], [at(1), at(4)]],
    ['TERMINATE_OTHER', [at(1), at(2), at(3)], [at(1), at(2), at(3), at(4)]],
    ['ALLOW_ALL', [at(1), at(2), at(3)], [at(1), at(2), at(3), at(4)]],
  ])('given the overlap policy %s and a workflow that takes long, when times pass and it ends, then the policy decides', async (overlap, whileRunning, afterwards) => {
    const world = makeWorld();
    await world.create({ policies: { overlap } });
    for (let minute = 1; minute <= 3; minute += 1) await world.pass(1);
    expect(world.started).toEqual(whileRunning);
    world.end(at(1), 'COMPLETED');
    await world.pass(1);
    expect(world.started).toEqual(afterwards);
    expect(world.ends.length > 0).toBe(overlap === 'CANCEL_OTHER' || overlap === 'TERMINATE_OTHER');
    const { actionsSkipped } = await world.service.describe(world.scheduleId);
    expect(actionsSkipped).toBe({ SKIP: 2, BUFFER_ONE: 1, BUFFER_ALL: 0, CANCEL_OTHER: 2, TERMINATE_OTHER: 0, ALLOW_ALL: 0 }[overlap]);
  });

  it('given all that was buffered, when workflow after workflow ends, then they are taken one after the other in order', async () => {
    const world = makeWorld();
    await world.create({ policies: { overlap: 'BUFFER_ALL' }, spec: { intervals: [{ everyMs: MINUTE }], endAtMs: START + 3 * MINUTE } });
    await world.pass(5);
    for (const minute of [1, 2, 3]) {
      expect(world.started).toEqual([1, 2, 3].slice(0, minute).map(at));
      world.end(at(minute), 'COMPLETED');
      await world.runner.seeTo(world.scheduleId);
    }
    expect(await world.service.describe(world.scheduleId)).toMatchObject({ actionsTaken: 3, running: [], nextActionTimesMs: [] });
  });

  it('given a start whose answer got lost, when the schedule is seen to again, then the same workflow is met, not a second one', async () => {
    const world = makeWorld();
    await world.create({ policies: { overlap: 'ALLOW_ALL' } });
    world.startFaults.push(new Error('the answer got lost'));
    await expect(world.pass(1)).rejects.toThrow('the answer got lost');
    await world.runner.seeTo(world.scheduleId);
    expect(world.started).toEqual([at(1)]);
    expect(await world.service.describe(world.scheduleId)).toMatchObject({ actionsTaken: 1 });
  });

  it('given two replicas that see to it at once, when an action is due, then it is taken once and counted once', async () => {
    const world = makeWorld();
    await world.create();
    world.clock.advance(MINUTE);
    await Promise.all([world.runner.seeTo(world.scheduleId), world.runner.seeTo(world.scheduleId), world.runner.seeTo(world.scheduleId)]);
    expect(world.started).toEqual([at(1)]);
    expect(await world.service.describe(world.scheduleId)).toMatchObject({ actionsTaken: 1, actionsSkipped: 0 });
  });

  it('given nobody who was there, when somebody comes, then what is within the window is taken, and what is older is missed', async () => {
    const world = makeWorld();
    await world.create({ policies: { overlap: 'ALLOW_ALL', catchupWindowMs: 2 * MINUTE } });
    await world.pass(5);
    expect(world.started).toEqual([at(3), at(4), at(5)]);
    expect(await world.service.describe(world.scheduleId)).toMatchObject({ actionsMissed: 2, actionsTaken: 3 });
  });

  it('given a failure and pauseOnFailure, when it is seen, then the schedule is paused and says why; resumed, it goes on from then', async () => {
    const world = makeWorld();
    await world.create({ policies: { pauseOnFailure: true } });
    await world.pass(1);
    world.end(at(1), 'FAILED');
    await world.pass(1);
    const { schedule } = await world.service.describe(world.scheduleId);
    expect(schedule.state).toEqual({ paused: true, note: expect.stringContaining(at(1)) });
    await world.pass(2);
    await world.service.setPaused(world.scheduleId, false, undefined);
    await world.pass(1);
    expect(world.started).toEqual([at(1), at(5)]);
  });

  it('given remaining actions, when they are used up, then the schedule rests, while triggers by hand are still taken', async () => {
    const world = makeWorld();
    await world.create({ state: { remainingActions: 1 }, policies: { overlap: 'ALLOW_ALL' } });
    await world.pass(3);
    expect(world.started).toEqual([at(1)]);
    await world.service.trigger(world.scheduleId, {});
    await world.service.trigger(world.scheduleId, {});
    expect(world.started).toEqual([at(1), 'w-2026-01-01T00:03:00Z', 'w-2026-01-01T00:03:00.001Z']);
    expect((await world.store.load(world.scheduleId))?.wakeAtMs).toBeUndefined();
  });

  it('given a replica that takes over when the time has come, when it looks, then the schedule is seen to without anybody’s doing, and its next time is armed', async () => {
    const world = makeWorld();
    await world.create({ policies: { overlap: 'ALLOW_ALL' } });
    world.clock.advance(MINUTE);
    await world.successor.refresh();
    const deadlineMs = Date.now() + 5_000;
    while (world.started.length === 0 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(world.started).toEqual([at(1)]);
    await world.successor.stop();
    expect(await world.store.earliestWakeAtMs(Array.from({ length: 64 }, (_, index) => index))).toBe(START + 2 * MINUTE);
  });
});
