import { describe, expect, it } from '@jest/globals';
import { bundleOf, historyOf, type Version } from '../../test/versions.js';
import { replayHistories, replayHistory } from './replay-histories.js';

const replayed = async (recorded: Version, code: Version) => replayHistory(await historyOf(recorded), { bundle: await bundleOf(code) });

describe('replayHistory', () => {
  it.each([
    ['v1', 'v1'],
    ['v1', 'v2'],
    ['v2', 'v2'],
    ['v2', 'v3'],
    ['v3', 'v3'],
    ['v3', 'final'],
    ['final', 'final'],
  ] as const)('given a run that began with %s, when %s is to be deployed, then it fits', async (recorded, code) => {
    expect(await replayed(recorded, code)).toMatchObject({ status: 'ok', workflowType: 'shopping', workflowId: recorded });
  });

  it.each([
    ['v1', 'broken'],
    ['v1', 'v3'],
    ['v2', 'v1'],
    ['v2', 'final'],
  ] as const)('given a run that began with %s, when %s is to be deployed, then it would diverge', async (recorded, code) => {
    expect(await replayed(recorded, code)).toMatchObject({ status: 'divergence' });
  });

  it('given a step that was renamed without patched, when it is replayed, then both sides are told, and the line of code', async () => {
    const outcome = await replayed('v1', 'broken');
    expect(outcome).toMatchObject({ divergence: { eventId: 5, recorded: { activityType: 'takeOld' }, produced: { activityType: 'takeNew' } } });
    expect(outcome).toMatchObject({ divergence: { producedAt: expect.stringMatching(/broken\.js:5:\d+$/) } });
  });

  it('given another input for a recorded step, when it is replayed, then that is drift', async () => {
    expect(await replayed('v1', 'drifting')).toMatchObject({ status: 'drift', drift: [{ eventId: 5, recorded: { input: ['tea'] }, produced: { input: ['tea!'] } }] });
  });

  it('given code that throws, or does not come to an end, or lacks the workflow, when it is replayed, then its task would fail', async () => {
    expect(await replayed('v1', 'throwing')).toMatchObject({ status: 'taskFailed', failure: { message: expect.stringContaining('a slip') } });
    expect(await replayed('v1', 'endless')).toMatchObject({ status: 'taskFailed' });
    expect(await replayed('v1', 'gone')).toMatchObject({ status: 'taskFailed', failure: { message: 'The bundle has no workflow "shopping"' } });
  });
});

describe('replayHistories', () => {
  it('given many histories, when they are replayed in threads, then each is counted by what became of it, and the problems are kept up to a limit', async () => {
    const [old, next] = [await historyOf('v1'), await historyOf('v2')];
    const histories = Array.from({ length: 130 }, (_, index) => ({ ...(index % 13 === 0 ? next : old), workflowId: `w-${index}`, runId: `run-${index}` }));
    const summary = await replayHistories(histories, { bundle: await bundleOf('v1'), concurrency: 2, problemsKeptMax: 4 });
    expect(summary).toMatchObject({ runs: 130, byStatus: { ok: 120, divergence: 10, drift: 0, taskFailed: 0 }, problemsByType: { shopping: 10 }, problemsLeftOut: 6, isOk: false });
    expect(summary.problems.length).toBe(4);
    expect(summary.events).toBe(120 * old.events.length + 10 * next.events.length);
  });

  it('given drift alone, when it is allowed, then nothing is wrong; else it is', async () => {
    const histories = [await historyOf('v1')];
    const bundle = await bundleOf('drifting');
    expect((await replayHistories(histories, { bundle })).isOk).toBe(false);
    expect(await replayHistories(histories, { bundle, allowDrift: true })).toMatchObject({ isOk: true, byStatus: { drift: 1 } });
  });

  it('given a pinned run, when new code is checked, then it is left out unless it is asked for', async () => {
    const histories = [await historyOf('pinned', 'pinned', { versioning: { buildId: 'b1', isPinned: () => true } })];
    const bundle = await bundleOf('broken');
    expect(await replayHistories(histories, { bundle })).toMatchObject({ isOk: true, runs: 0, pinnedRuns: 1 });
    expect(await replayHistories(histories, { bundle, includePinned: true })).toMatchObject({ isOk: false, runs: 1 });
  });

  it('given a source of histories that breaks, when they are replayed, then that is thrown', async () => {
    const old = await historyOf('v1');
    async function* source() {
      yield old;
      throw new RangeError('cut off');
    }
    await expect(replayHistories(source(), { bundle: await bundleOf('v1') })).rejects.toThrow('cut off');
  });

  it('given the code’s declaration, when it is bundled, then the bundle tells which types are pinned', async () => {
    expect((await bundleOf('pinned')).pinnedWorkflowTypes).toEqual(['shopping']);
    expect((await bundleOf('v1')).pinnedWorkflowTypes).toBeUndefined();
  });
});
