import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HistoryEvent } from '@backstitch/protocol';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { newShop, shopActivities, type Shop } from '../../test/explorations/shop.js';
import { external } from '../simulated-services/index.js';
import { RandomDecider, ScriptedDecider, type Decider } from './decider.js';
import { play, type Played } from './play.js';
import { sceneOf } from './scene.js';
import { FAULTS, type FaultKind } from './schedule.js';

const ALL_FAULTS = new Set(Object.keys(FAULTS) as FaultKind[]);
const SEEDS = Array.from({ length: 15 }, (_, index) => 1_000 + index);
const COURSE = { points: 40, refusable: ['reserve.1@handed-out', 'charge.1@handed-out', 'ship.1@handed-out'] };

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  workflowBundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/explorations/exploration-workflows.ts', import.meta.url)) });
});

type Course = Omit<Played, 'failure'> & { history: readonly HistoryEvent[]; state: Shop };

/** @param pause what a step waits for in real time */
async function courseOf(seed: number, decider: Decider, pause: () => Promise<unknown> = () => Promise.resolve()): Promise<Course> {
  let end: { history: readonly HistoryEvent[]; state: Shop } | undefined;
  const scene = await sceneOf<Shop>('parallelOrder', {
    workflowBundle,
    args: ['o1'],
    signals: [{ cancel: true }],
    state: newShop,
    activities: {
      ...shopActivities,
      ship: external(async (shop: Shop) => {
        await pause();
        shop.shipped += 1;
        return { shipment: 's' };
      }),
    },
    invariant: ({ history, state }) => void (end = { history, state: { ...state } }),
  });
  const { points, taken, story, steps } = await play(scene, seed, decider);
  await scene.sandboxes.close();
  return { points, taken, story, steps, ...end! };
}

describe('a course of things', () => {
  it.each(SEEDS)('given the seed %i, when it is played twice, then every point, event, sentence and event of the history is the same', async (seed) => {
    const once = await courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE));
    expect(await courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE))).toEqual(once);
    expect(once.points.length).toBeGreaterThan(10);
  });

  it.each(SEEDS)('given the events that the seed %i came to, when they are played by themselves, then the same comes out', async (seed) => {
    const random = await courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE));
    expect(await courseOf(seed, new ScriptedDecider({ seed, events: random.taken }))).toEqual(random);
  });

  it.each(SEEDS.slice(0, 5))('given a machine that is slow at any moment, when the seed %i is played, then nothing comes out differently', async (seed) => {
    const quick = await courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE));
    let calls = 0;
    const slow = await courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE), async () => setTimeout((calls += 1) % 2 === 0 ? 12 : 3));
    expect(slow).toEqual(quick);
  });

  it('given different seeds, when they are played, then they differ', async () => {
    const courses = await Promise.all(SEEDS.map(async (seed) => courseOf(seed, new RandomDecider(seed, ALL_FAULTS, COURSE))));
    expect(new Set(courses.map(({ taken }) => JSON.stringify(taken))).size).toBeGreaterThan(SEEDS.length / 2);
  });
});
