import { fileURLToPath } from 'node:url';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ExploreOptions } from '../explorer/explore-options.js';
import { explore } from '../explorer/explore.js';
import type { ExploreFailure } from '../explorer/explorer-errors.js';
import type { ExploredEnd } from '../explorer/play.js';
import { external, resumable, transaction, withDefect, type ResumableContext, type SimulatedActivities, type SimulatedContext } from '../simulated-services/index.js';

/** Thousands of courses of things, on a machine that may be slow and busy. */
jest.setTimeout(600_000);

/** Most events that the schedule of a planted bug may have. */
const EVENTS_MAX = 15;
const SEED = 20_261_121;

interface World {
  rooms: number;
  /** Money that was taken, by whom. */
  taken: Record<string, number>;
  rows: number[];
}

const stepHappened = ({ info }: SimulatedContext): boolean => info.undo?.step === 'completed';

const takeRoom = transaction((state: World) => {
  state.rooms -= 1;
});
const giveRoomBack = transaction((state: World, _undo, context) => {
  if (stepHappened(context)) state.rooms += 1;
});
const takeMoney = transaction((state: World, guest: string) => {
  state.taken[guest] = (state.taken[guest] ?? 0) + 100;
});
const giveMoneyBack = transaction((state: World, { input: guest }: { input: string }, context) => {
  if (stepHappened(context)) state.taken[guest] = (state.taken[guest] ?? 0) - 100;
});

/** Undos that are called as ordinary activities: nobody tells them whether their step happened. */
const justUndos: SimulatedActivities<World> = {
  giveRoomBack: transaction((state: World) => {
    state.rooms += 1;
  }),
  giveMoneyBack: transaction((state: World, { input: guest }: { input: string }) => {
    state.taken[guest] = (state.taken[guest] ?? 0) - 100;
  }),
};

const trips: SimulatedActivities<World> = { takeRoom, giveRoomBack, takeMoney, giveMoneyBack, sendVoucher: transaction(() => undefined) };

function allOrNothing({ state, run }: ExploredEnd<World>): string | undefined {
  const expected = run.result === 'booked' ? { rooms: 0, money: 100 } : { rooms: 1, money: 0 };
  const [rooms, money] = [state.rooms, state.taken['ann'] ?? 0];
  return rooms === expected.rooms && money === expected.money ? undefined : `The trip is ${JSON.stringify(run.result)}, ${rooms} rooms are free, and ${money} was paid.`;
}

/** All of them once the import has completed; whatever becomes of it, none twice and none left out before the last. */
function eachRowOnce({ state: { rows }, run }: ExploredEnd<World>): string | undefined {
  const isComplete = run.status !== 'COMPLETED' || rows.length === 4;
  return isComplete && rows.every((row, index) => row === index + 1) ? undefined : `The import is ${run.status}, and the rows are ${JSON.stringify(rows)}.`;
}

/** Rows in slices of two; `doneBefore` says where an attempt goes on. */
function importing(doneBefore: (context: ResumableContext) => number) {
  return resumable(async (state: World, rows: number, context) => {
    for (let done = doneBefore(context); done < rows; done += 2) {
      state.rows.push(done + 1, done + 2);
      context.heartbeat(done + 2);
      await context.commit(done + 2);
    }
    return rows;
  });
}

interface Exploration {
  workflow: string;
  args: unknown[];
  activities: SimulatedActivities<World>;
  invariant: ExploreOptions<World>['invariant'];
}

const TRIP = { workflow: 'bookTrip', args: ['ann'], invariant: allOrNothing };
const IMPORT = { workflow: 'importFile', args: [4], invariant: eachRowOnce };

const PLANTED: [string, Exploration][] = [
  ['an undo that is registered after its step', { ...TRIP, workflow: 'bookTripWithUndosAfterwards', activities: { ...trips, ...justUndos } }],
  ['an inbox outside of the transaction', { ...TRIP, activities: { ...trips, takeMoney: withDefect(takeMoney, 'inboxOutsideTransaction') } }],
  [
    'an undo that is not idempotent',
    {
      ...TRIP,
      activities: {
        ...trips,
        giveMoneyBack: external((world: World, { input: guest }: { input: string }, { info }) => {
          if (info.undo?.step === 'completed') world.taken[guest] = (world.taken[guest] ?? 0) - 100;
        }),
      },
    },
  ],
  ['a step that runs after its undo', { ...TRIP, activities: { ...trips, giveMoneyBack: withDefect(giveMoneyBack, 'noTombstone') } }],
  [
    'a heartbeat that is trusted over the checkpoint',
    { ...IMPORT, activities: { importRows: importing(({ info }) => Number(info.heartbeatDetails ?? info.checkpoint ?? 0)) } },
  ],
];

const RIGHT: [string, Exploration][] = [
  ['a saga whose services keep to the inbox', { ...TRIP, activities: trips }],
  [
    'an undo outside that says what is right after it, not what changes by it',
    {
      ...TRIP,
      activities: {
        ...trips,
        giveMoneyBack: external((world: World, { input: guest }: { input: string }, { info }) => {
          if (info.undo?.step === 'completed') world.taken[guest] = 0;
        }),
      },
    },
  ],
  ['an import that goes on from its checkpoint', { ...IMPORT, activities: { importRows: importing(({ info }) => Number(info.checkpoint ?? 0)) } }],
];

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  workflowBundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/proofs/trip-workflows.ts', import.meta.url)) });
});

async function failureOf({ workflow, ...exploration }: Exploration, options: Partial<ExploreOptions<World>> = {}): Promise<ExploreFailure | undefined> {
  const state = (): World => ({ rooms: 1, taken: {}, rows: [] });
  const report = await explore(workflow, { workflowBundle, state, seed: SEED, throwOnFailure: false, onProgress: () => undefined, ...exploration, ...options });
  return report.failure;
}

describe.each(PLANTED)('%s', (_bug, wrong) => {
  it(`given a saga that has it, when it is explored, then it is caught with at most ${EVENTS_MAX} events, which play again from the seed`, async () => {
    const failure = await failureOf(wrong);
    expect(failure?.kind).toBe('invariant');
    expect(failure?.schedule.events.length).toBeLessThanOrEqual(EVENTS_MAX);
    expect(failure?.story.length).toBeLessThanOrEqual(EVENTS_MAX);
    // The same exploration finds the same; the printed line alone gives the same end.
    expect((await failureOf(wrong))?.text).toBe(failure?.text);
    const again = await failureOf(wrong, { replay: failure?.replay });
    expect([again?.kind, again?.message, again?.story]).toEqual([failure?.kind, failure?.message, failure?.story]);
  });

  it('given random schedules alone, when it is explored, then it is caught all the same, and the seed of that schedule plays it again', async () => {
    const failure = await failureOf(wrong, { crashPoints: false, schedules: 3_000 });
    expect(failure?.kind).toBe('invariant');
    expect(failure?.schedule.events.length).toBeLessThanOrEqual(EVENTS_MAX);
    const again = await failureOf(wrong, { replay: failure?.seed });
    expect([again?.kind, again?.replay]).toEqual([failure?.kind, failure?.replay]);
  });
});

describe('without a planted bug', () => {
  it.each(RIGHT)('given %s, when it is explored, then nothing is found', async (_what, right) => {
    expect((await failureOf(right, { schedules: 200 }))?.text).toBeUndefined();
  });
});
