import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ApplicationFailure } from '@backstitch/activity';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { newShop, shopActivities, type Shop } from '../../test/explorations/shop.js';
import { transaction } from '../simulated-services/index.js';
import { ScriptedDecider } from './decider.js';
import { explore } from './explore.js';
import { InvariantBrokenError, ScheduleNotFollowedError } from './explorer-errors.js';
import type { ExploreOptions, ExploreReport } from './explore-options.js';
import { play } from './play.js';
import { SandboxPool } from './sandbox-pool.js';
import { sceneOf } from './scene.js';
import { FAULTS, type FaultKind } from './schedule.js';

/** Thousands of courses of things, on a machine that may be slow and busy. */
jest.setTimeout(600_000);

/** Enough for what needs two things to go wrong, quick enough for a spec. */
const SCHEDULES = 30;

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  workflowBundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/explorations/exploration-workflows.ts', import.meta.url)) });
});

/** All of it, or nothing. */
function allOrNothing(all: Partial<Shop>): ExploreOptions<Shop>['invariant'] {
  return ({ state, run: { status } }) => expect(state).toEqual(status === 'COMPLETED' ? { ...newShop(), ...all } : newShop());
}

async function exploreShop(workflow: string, options: Partial<ExploreOptions<Shop>>): Promise<ExploreReport> {
  return explore<Shop>(workflow, {
    workflowBundle,
    args: ['o1'],
    state: newShop,
    activities: shopActivities,
    schedules: SCHEDULES,
    throwOnFailure: false,
    invariant: () => undefined,
    ...options,
  });
}

describe('a workflow that keeps what it promises', () => {
  it.each<[string, Partial<ExploreOptions<Shop>>, Partial<Shop>]>([
    ['parallelOrder', { signals: [{ cancel: true }] }, { reserved: 1, charged: 1, shipped: 1 }],
    ['approvedOrder', { signals: [{ signal: 'approve' }] }, { reserved: 1, charged: 1 }],
    ['pricedOrder', { localActivities: { price: () => 12 } }, { reserved: 1, charged: 1 }],
    // A step without an undo that is refused may have happened all the same.
    ['rowImport', { args: [3], faults: (Object.keys(FAULTS) as FaultKind[]).filter((fault) => fault !== 'refused') }, { rows: 3 }],
  ])('given %s, when it is explored, then all or nothing holds after every event at every point, and after random ones', async (workflow, options, all) => {
    const report = await exploreShop(workflow, { ...options, invariant: allOrNothing(all) });
    expect(report.failure?.text).toBeUndefined();
    expect(report.crashPoints.total).toBeGreaterThan(50);
    expect(report.crashPoints.passed).toBe(report.crashPoints.total);
    expect(report.randomSchedules).toEqual({ total: SCHEDULES, passed: SCHEDULES });
  });
});

describe('a workflow that does not', () => {
  /** Gives back what was never taken. */
  const careless = { ...shopActivities, release: transaction((shop: Shop) => void (shop.reserved -= 1)) };
  const broken: Partial<ExploreOptions<Shop>> = { activities: careless, invariant: allOrNothing({ reserved: 1, charged: 1, shipped: 1 }) };

  it('given an undo that does not ask whether its step happened, when the order is explored, then the error tells the shortest schedule, what happened, and how to play it again', async () => {
    const error = await exploreShop('parallelOrder', { ...broken, throwOnFailure: true }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvariantBrokenError);
    const { failure, message } = error as InvariantBrokenError;
    expect(failure).toMatchObject({ kind: 'invariant', schedule: { events: [{ at: 'reserve.1@handed-out', what: 'refused' }] } });
    expect(failure.story.length).toBeLessThanOrEqual(15);
    expect(message).toContain('A worker is to get the job of "reserve": the service refuses, for good.');
    expect(message).toContain(`replay: ${JSON.stringify(failure.replay)}`);
  });

  it('given a failure of a random schedule, when it is played again from its text, its events or its seed, then the same comes out each time', async () => {
    const { failure } = await exploreShop('parallelOrder', { ...broken, crashPoints: false });
    expect(failure?.text).toContain(`the random schedule of seed ${failure?.seed}`);
    const fromSeed = await exploreShop('parallelOrder', { ...broken, replay: failure!.seed });
    expect(fromSeed.failure).toEqual(failure);
    for (const replay of [failure!.replay, failure!.schedule]) {
      const { failure: again } = await exploreShop('parallelOrder', { ...broken, replay });
      expect({ story: again?.story, schedule: again?.schedule }).toEqual({ story: failure?.story, schedule: failure?.schedule });
    }
  });

  it('given a failure, when the mended workflow is played by its schedule, then it passes', async () => {
    const { failure } = await exploreShop('parallelOrder', broken);
    expect(await exploreShop('parallelOrder', { ...broken, activities: shopActivities, replay: failure!.replay })).toEqual({
      seed: 1,
      schedulesRun: 1,
      crashPoints: { total: 0, passed: 0 },
      randomSchedules: { total: 0, passed: 0 },
    });
  });

  it('given a schedule of another workflow, when it is played, then it is said which points are not passed', async () => {
    await expect(exploreShop('parallelOrder', { replay: 'seed 1 | reserve.1@handed-out = late | bill.1@handed-out = refused' })).rejects.toThrow(ScheduleNotFollowedError);
  });

  it('given a workflow that waits for what never comes, when it is explored, then it is stuck in silence', async () => {
    const { failure } = await exploreShop('waitsForEver', {});
    expect(failure).toMatchObject({ kind: 'stuck', schedule: { events: [] } });
  });

  it('given a step that never succeeds, when the workflow is explored, then it does not come to an end', async () => {
    const never = transaction(() => {
      throw new Error('not today');
    });
    const { failure } = await exploreShop('parallelOrder', { activities: { ...shopActivities, ship: never }, stepsMax: 500 });
    expect(failure).toMatchObject({ kind: 'endless', message: 'It has not ended after 500 steps.' });
    const { failure: tooLong } = await exploreShop('parallelOrder', { activities: { ...shopActivities, ship: never }, simulatedTimeMaxMs: 60_000 });
    expect(tooLong).toMatchObject({ kind: 'endless', message: 'It has not ended after 60000 ms of simulated time.' });
  });

  it('given code that gives another input when it is replayed, when the workflow is explored, then the orchestrator’s crash shows it', async () => {
    const { failure } = await exploreShop('driftingOrder', {});
    expect(failure).toMatchObject({ kind: 'incident', schedule: { events: [{}] } });
    expect(failure?.message).toContain('DRIFT');
  });

  it('given code that loops without end, when its smooth course is played, then it is stopped, and the incident tells of it', async () => {
    const scene = await sceneOf<Shop>('loopsForEver', { workflowBundle, state: newShop, activities: shopActivities, invariant: () => undefined });
    const { failure } = await play({ ...scene, sandboxes: new SandboxPool(workflowBundle, 100) }, 1, new ScriptedDecider({ seed: 1, events: [] }));
    expect(failure).toMatchObject({ kind: 'incident', message: expect.stringContaining('did not come back') });
  });

  it('given an undo that is refused, when the workflow is explored, then the open incident is a failure; or the invariant’s affair, if that is said', async () => {
    const refusing = transaction(() => {
      throw ApplicationFailure.nonRetryable('never');
    });
    const options = { activities: { ...shopActivities, release: refusing }, schedules: 0, crashPoints: false };
    const { failure } = await exploreShop('changesItsMind', options);
    expect(failure).toMatchObject({ kind: 'incident' });
    expect(failure?.message).toContain('UNDO_FAILED');
    const seen: string[] = [];
    const { failure: judged } = await exploreShop('changesItsMind', {
      ...options,
      incidents: 'judge',
      invariant: ({ run }) => void seen.push(...run.openIncidents.map(({ kind }) => kind)),
    });
    expect(judged).toBeUndefined();
    expect(seen).toEqual(['UNDO_FAILED']);
  });
});

describe('what is explored', () => {
  it('given the smooth course, when the invariant is asked, then it sees the state, the runs and the history', async () => {
    await exploreShop('pricedOrder', {
      localActivities: { price: (_shop: Shop, order: string) => order.length },
      schedules: 0,
      crashPoints: false,
      invariant: ({ state, run, runs, history }) => {
        expect(state).toEqual({ reserved: 1, charged: 1, shipped: 0, rows: 0 });
        expect(run).toMatchObject({ workflowId: 'explored', workflowType: 'pricedOrder', status: 'COMPLETED', result: 2, incidents: [], openIncidents: [] });
        expect(runs).toEqual([run]);
        expect(history.map(({ eventType }) => eventType)).toContain('MARKER_RECORDED');
      },
      throwOnFailure: true,
    });
  });

  it('given only some faults, when random schedules are drawn, then nothing else goes wrong', async () => {
    const ran: string[] = [];
    const activities = { ...shopActivities, ship: transaction((shop: Shop, _input, { info }) => ((shop.shipped += 1), void ran.push(`${info.attempt}`))) };
    const { crashPoints } = await exploreShop('parallelOrder', { activities, faults: ['fails'] });
    // Each of three steps, once.
    expect(crashPoints).toEqual({ total: 3, passed: 3 });
    expect(ran).toContain('2');
  });

  it('given a signal and a request to cancel, when the workflow is explored, then each of them comes at every point', async () => {
    const statuses = new Set<string>();
    const times = new Set<string>();
    const { crashPoints } = await exploreShop('approvedOrder', {
      signals: [{ signal: 'approve', atMs: 60_000 }, { cancel: true }],
      faults: [],
      schedules: 20,
      invariant: ({ run, history }) => {
        statuses.add(run.status);
        const signal = history.find(({ eventType }) => eventType === 'WORKFLOW_EXECUTION_SIGNALED');
        times.add(signal === undefined ? 'never' : String(signal.eventTimeMs - history[0]!.eventTimeMs >= 60_000));
      },
    });
    expect(crashPoints.total).toBeGreaterThan(20);
    expect([...statuses]).toEqual(expect.arrayContaining(['CANCELED', 'COMPLETED']));
    expect(times).toEqual(new Set(['never', 'true']));
  });

  it('given an exploration, when it goes on, then it is told how far it has come', async () => {
    const told: string[] = [];
    await exploreShop('triesOnce', { activities: { tryOnce: transaction(() => 'done') }, schedules: 100, onProgress: ({ phase, done, total }) => void told.push(`${phase} ${done}/${total}`) });
    expect(told.at(-1)).toBe('random schedules 100/100');
    expect(told.some((line) => line.startsWith('crash points'))).toBe(true);
  });

  it.each<[string, Partial<ExploreOptions<Shop>>]>([
    ['seed', { seed: -1 }],
    ['schedules', { schedules: 1.5 }],
    ['stepsMax', { stepsMax: 0 }],
    ['replay', { replay: -5 }],
    ['faults', { faults: ['earthquake' as FaultKind] }],
    ['signals', { signals: [{ signal: 'approve', atMs: -1 }] }],
    ['workflowsPath', { workflowsPath: 'workflows.ts' }],
  ])('given a bad %s, when explore is called, then the option is named', async (option, options) => {
    await expect(exploreShop('parallelOrder', options)).rejects.toMatchObject({ code: 'EXPLORE_OPTION', option });
  });

  it('given a workflow that the bundle does not have, when explore is called, then those that it has are named', async () => {
    await expect(exploreShop('order', {})).rejects.toThrow(/"order".*parallelOrder/);
  });

  it('given a text that is no schedule, when it is to be played, then it is said why', async () => {
    await expect(exploreShop('parallelOrder', { replay: 'seed 1 | nonsense' })).rejects.toMatchObject({ code: 'SCHEDULE_TEXT' });
  });
});
