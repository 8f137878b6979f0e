import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const v1: WorkflowScript = function* (workflow) {
  yield* workflow.activity('old');
  yield* workflow.activity('last');
  return 'v1';
};
const v2: WorkflowScript = function* (workflow) {
  yield* workflow.activity(workflow.patched('new-way') ? 'new' : 'old');
  yield* workflow.activity('last');
  return 'v2';
};
const v3: WorkflowScript = function* (workflow) {
  workflow.commands.push({ type: 'setPatchMarker', patchId: 'new-way', deprecated: true });
  yield* workflow.activity('new');
  yield* workflow.activity('last');
  return 'v3';
};
const v4: WorkflowScript = function* (workflow) {
  yield* workflow.activity('new');
  yield* workflow.activity('last');
  return 'v4';
};

async function played(first: WorkflowScript, step: string, second: WorkflowScript): Promise<EngineHarness> {
  const kit = new EngineHarness(new ScriptedSandbox({ w: first }));
  await kit.start('w', 'w');
  await kit.restart(new ScriptedSandbox({ w: second }));
  await kit.complete(step);
  return kit;
}

describe('patches', () => {
  it.each([
    ['before the patch', v1, 'old', v2],
    ['with the patch', v2, 'new', v2],
    ['with the patch, now deprecated', v2, 'new', v3],
    ['with the deprecated patch', v3, 'new', v3],
    ['with the deprecated patch, whose call is gone', v3, 'new', v4],
  ] as const)('given a run that began %s, when later code replays it, then it fits', async (_, first, step, second) => {
    const kit = await played(first, step, second);
    await kit.complete('last');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', incidents: [] });
    expect(kit.told('driftFound')).toEqual([]);
  });

  it('given a run that began with the patch, when code without its call replays it, then that is a divergence', async () => {
    const kit = await played(v2, 'new', v4);
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'NONDETERMINISM', divergence: { recorded: { patchId: 'new-way' }, produced: { activityType: 'new' } } }]);
  });

  it('given a patch that is asked for twice, when the tasks are recorded, then its marker stands once', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: function* (workflow) {
      workflow.patched('p');
      workflow.patched('p');
      yield* workflow.activity('one');
      workflow.patched('p');
      return null;
    } }));
    await kit.start('w', 'w');
    await kit.complete('one');
    expect(kit.history('w').filter((type) => type === 'MARKER_RECORDED').length).toBe(1);
  });
});

describe('drift', () => {
  const children: WorkflowScript = function* (workflow) {
    workflow.startTimer(1_000);
    workflow.startChild('child', 'c', ['input'], { workflowRunTimeoutMs: 5_000 });
    yield* workflow.activity('step', [1]);
    return null;
  };
  const changed: WorkflowScript = function* (workflow) {
    workflow.startTimer(2_000);
    workflow.startChild('child', 'c', ['other'], { workflowRunTimeoutMs: 6_000 });
    yield* workflow.activity('step', [2], { startToCloseTimeoutMs: 7 });
    return null;
  };
  const child: WorkflowScript = function* () {
    yield;
  };

  it('given changed durations, inputs and options, when the run is replayed, then both sides are described, and what was recorded stays in force', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: children, child }));
    await kit.start('w', 'w');
    await kit.settled();
    await kit.restart(new ScriptedSandbox({ w: changed, child }));
    await kit.engine.signal('w', 'hello', []);
    expect((await kit.describe('w')).drift).toEqual([
      { eventId: 5, recorded: { eventType: 'TIMER_STARTED', timerId: '1', startToFireTimeoutMs: 1_000 }, produced: { eventType: 'TIMER_STARTED', timerId: '1', startToFireTimeoutMs: 2_000 }, producedAt: 'script:1' },
      { eventId: 6, recorded: expect.objectContaining({ workflowId: 'c', input: ['input'], workflowRunTimeoutMs: 5_000 }), produced: expect.objectContaining({ input: ['other'], workflowRunTimeoutMs: 6_000 }), producedAt: 'script:2' },
      { eventId: 7, recorded: expect.objectContaining({ activityType: 'step', input: [1], startToCloseTimeoutMs: null }), produced: expect.objectContaining({ input: [2], startToCloseTimeoutMs: 7 }), producedAt: 'script:3' },
    ]);
    expect((await kit.describe('w')).timers).toMatchObject([{ timerId: '1', firesAtMs: kit.clock.now() + 1_000 }]);
  });

  it('given a difference, when it is reported, then the line of code that it comes from is named', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: children, child }));
    await kit.start('w', 'w');
    await kit.settled();
    await kit.restart(new ScriptedSandbox({ w: changed, child }));
    await kit.engine.signal('w', 'hello', []);
    expect((await kit.describe('w')).drift?.map(({ producedAt }) => producedAt)).toEqual(['script:1', 'script:2', 'script:3']);
    await kit.restart(new ScriptedSandbox({ w: function* (workflow) { workflow.startTimer(1_000); yield* workflow.activity('renamed'); return null; }, child }));
    await kit.engine.signal('w', 'hello', []);
    const [incident] = (await kit.describe('w')).incidents;
    expect(incident).toMatchObject({ kind: 'NONDETERMINISM', message: expect.stringContaining('script:2'), divergence: { producedAt: 'script:2' } });
  });

  it('given a deployment that treats drift as an incident, when the run is replayed, then it is held until the code fits', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: children, child }), { driftIsIncident: true });
    await kit.start('w', 'w');
    await kit.settled();
    await kit.restart(new ScriptedSandbox({ w: changed, child }));
    await kit.complete('step');
    expect(await kit.describe('w')).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'DRIFT', divergence: { eventId: 5 } }] });
    await kit.restart(new ScriptedSandbox({ w: children, child }));
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'deployed the old code' });
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });
});
