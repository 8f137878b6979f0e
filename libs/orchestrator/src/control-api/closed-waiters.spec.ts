import { describe, expect, it } from '@jest/globals';
import type { RunRecord } from '@backstitch/engine';
import { ClosedWaiters } from './closed-waiters.js';

/** Longer than a spec waits. */
const NEVER_MS = 3_600_000;

function runOf(workflowId: string): RunRecord {
  return { workflowId, runId: `run of ${workflowId}`, workflowType: 'order', status: 'COMPLETED', partition: 0, startedAtMs: 0, closedAtMs: 1, searchAttributes: {}, memo: {}, openActivities: 0, openIncidents: 0, nextEventId: 5, historySizeBytes: 1, requestFingerprint: '' };
}

/** What one replica knows: runs that another one closed are in the database alone. */
function replica() {
  const stored = new Set<string>();
  const world = { liveReplicas: 1, looks: 0, watched: [] as string[][] };
  const waiters = new ClosedWaiters({
    find: async (workflowIds) => {
      world.looks += 1;
      return { closed: workflowIds.filter((workflowId) => stored.has(workflowId)).map(runOf), unknown: [] };
    },
    findRun: async () => ({ closed: [], unknown: [] }),
    router: {
      watchClosed: (workflowIds) => {
        world.watched.push([...workflowIds]);
        return () => undefined;
      },
    },
    waitersMax: 10,
    recheckMs: NEVER_MS,
    liveReplicas: () => world.liveReplicas,
  });
  return { waiters, world, stored };
}

async function untilItWaits(): Promise<void> {
  await new Promise(setImmediate);
}

describe('calls that wait for the end of a run', () => {
  it('given a replica that seemed to be alone, when another one is alive after all, then they look again, and are told by that one from then on', async () => {
    const { waiters, world, stored } = replica();
    const [closedMeanwhile, open] = [waiters.await(['a'], NEVER_MS), waiters.await(['b'], NEVER_MS)];
    await untilItWaits();
    stored.add('a');
    world.liveReplicas = 2;
    waiters.othersAreAlive();
    expect((await closedMeanwhile).closed).toMatchObject([{ workflowId: 'a', status: 'COMPLETED' }]);
    await untilItWaits();
    expect(world.watched).toEqual([['b']]);
    waiters.stop();
    expect((await open).closed).toEqual([]);
  });

  it('given calls that are told by the others already, when the leases are renewed again, then nobody looks', async () => {
    const { waiters, world } = replica();
    world.liveReplicas = 2;
    const open = waiters.await(['a'], NEVER_MS);
    await untilItWaits();
    waiters.othersAreAlive();
    await untilItWaits();
    expect(world.looks).toBe(1);
    waiters.stop();
    await open;
  });
});
