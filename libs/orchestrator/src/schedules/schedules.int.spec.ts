import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ScheduleRunner, ScheduleService, type ScheduleRunnerDependencies } from '@backstitch/engine/schedules';
import type { ScheduleDefinition, StartWorkflowRequest, StartWorkflowResult } from '@backstitch/protocol';
import { ManualClock } from '@backstitch/testing';
import { makeTestDatabase, type TestDatabase } from '../../test/test-database.js';
import type { ClosedRuns } from '../control-api/closed-runs.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import { Database } from '../store/database.js';
import { systemTimers } from '../wake/system-timers.js';
import { PostgresScheduleStore } from './postgres-schedule-store.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

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
    const store = new PostgresScheduleStore(new Database(database.dataSource));
    const running = new Map<string, string>();
    const ended = new Map<string, 'COMPLETED' | 'FAILED'>();
    const started: string[] = [];
    const ends: string[] = [];
    const startFaults: Error[] = [];
    const dependencies: ScheduleRunnerDependencies = {
      clock,
      timers: systemTimers(clock),
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
    const deadlineMs = Date.now() + 60_000;
    while (world.started.length === 0 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(world.started).toEqual([at(1)]);
    await world.successor.stop();
    expect(await world.store.earliestWakeAtMs(Array.from({ length: 64 }, (_, index) => index))).toBe(START + 2 * MINUTE);
  });
});
