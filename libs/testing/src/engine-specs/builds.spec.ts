import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

/** Two steps, named after the build: code of the other build diverges. */
function twoSteps(build: string): WorkflowScript {
  return function* (workflow) {
    workflow.queries.set('build', () => build);
    yield* workflow.activity(`first-${build}`);
    yield* workflow.activity(`second-${build}`);
    return build;
  };
}

/** Two engines on one store and its queues: build b1, and b2, which is the current one from the moment it is there. */
function sideBySide(pinned: boolean): { old: EngineHarness; makeNew: () => EngineHarness; current: { buildId: string } } {
  const current = { buildId: 'b1' };
  const optionsOf = (buildId: string): ConstructorParameters<typeof EngineHarness>[1] => ({ versioning: { buildId, currentBuildId: () => current.buildId, isPinned: () => pinned } });
  const old = new EngineHarness(new ScriptedSandbox({ w: twoSteps('b1') }), optionsOf('b1'));
  const makeNew = (): EngineHarness => {
    current.buildId = 'b2';
    return new EngineHarness(new ScriptedSandbox({ w: twoSteps('b2') }), optionsOf('b2'), { store: old.store, dispatcher: old.dispatcher });
  };
  return { old, makeNew, current };
}

const buildsIn = (kit: EngineHarness, workflowId: string): (string | undefined)[] =>
  kit.store.storedByWorkflowId(workflowId).events.flatMap(({ eventType, attributes }) => (eventType === 'WORKFLOW_TASK_COMPLETED' ? [attributes.buildId] : []));

describe('builds', () => {
  it('given one build, when a run is gone on with, then its first task alone says which, and describe does', async () => {
    const { old } = sideBySide(false);
    await old.start('w', 'w');
    await old.complete('first-b1');
    expect(buildsIn(old, 'w')).toEqual(['b1', undefined]);
    expect((await old.describe('w')).buildId).toBe('b1');
    expect((await old.describe('w')).pinnedBuildId).toBeUndefined();
  });

  it('given no build, when a run is gone on with, then its history says nothing of it', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: twoSteps('b1') }));
    await kit.start('w', 'w');
    expect(buildsIn(kit, 'w')).toEqual([undefined]);
  });

  it('given a pinned run, when its outcome reaches the engine of another build, then it is recorded, and the run’s own build goes on with it', async () => {
    const { old, makeNew } = sideBySide(true);
    await old.start('w', 'pinned');
    const next = makeNew();
    await next.complete('first-b1');
    expect(next.history('pinned').at(-1)).toBe('ACTIVITY_TASK_COMPLETED');
    expect(next.told('dueElsewhere')).toMatchObject([{ workflowId: 'pinned', buildId: 'b1' }]);
    expect((await next.describe('pinned')).incidents).toEqual([]);
    // It is due: whoever runs b1 finds it, even with an old copy in memory.
    expect(old.store.runIdsDue(old.clock.now())).toEqual([old.store.storedByWorkflowId('pinned').record.runId]);
    await old.engine.evict(old.store.runIdsDue(old.clock.now()));
    await old.advance(0);
    await old.complete('second-b1');
    expect(await old.describe('pinned')).toMatchObject({ status: 'COMPLETED', result: 'b1', pinnedBuildId: 'b1' });
    expect(old.store.runIdsDue(old.clock.now())).toEqual([]);
  });

  it('given a pinned run, when another build is asked a query or an update, then it refuses for now and names the build', async () => {
    const { old, makeNew } = sideBySide(true);
    await old.start('w', 'pinned');
    const next = makeNew();
    const refusal = { name: 'OverloadedError', code: 'OVERLOADED', buildId: 'b1' };
    await expect(next.engine.query('pinned', 'build', [])).rejects.toMatchObject(refusal);
    await expect(next.engine.update('pinned', { updateId: 'u', updateName: 'x', args: [], waitForStage: 'ACCEPTED' })).rejects.toMatchObject(refusal);
    expect(await old.engine.query('pinned', 'build', [])).toBe('b1');
  });

  it('given a pinned type, when runs start on either engine, then they are pinned to the current build, and begin there', async () => {
    const { old, makeNew } = sideBySide(true);
    const next = makeNew();
    await old.start('w', 'late');
    expect(await old.describe('late')).toMatchObject({ pinnedBuildId: 'b2', activities: [] });
    await next.advance(0);
    await next.complete('first-b2');
    await next.complete('second-b2');
    expect(await next.describe('late')).toMatchObject({ status: 'COMPLETED', result: 'b2' });
  });

  it('given a run that is not pinned, when the build before gets its outcome, then it leaves the code to the current one', async () => {
    const { old, makeNew, current } = sideBySide(false);
    const next = makeNew();
    await next.start('w', 'moving');
    await old.complete('first-b2');
    expect((await old.describe('moving')).incidents).toEqual([]);
    await next.engine.evict(next.store.runIdsDue(next.clock.now()));
    await next.advance(0);
    await next.complete('second-b2');
    expect(await next.describe('moving')).toMatchObject({ status: 'COMPLETED', result: 'b2' });
    expect(current.buildId).toBe('b2');
  });

  it.each([
    ['whose code does not fit', { w: twoSteps('b1') }],
    ['whose bundle has no such workflow', { other: twoSteps('b1') }],
  ])('given a run that a later build has gone on with, when the build before, %s, still thinks that it is current, then it looks again, and leaves the run alone', async (_, scripts) => {
    const current = { buildId: 'b2' };
    const told = { buildId: 'b1' };
    const next = new EngineHarness(new ScriptedSandbox({ w: twoSteps('b2') }), { versioning: { buildId: 'b2', currentBuildId: () => current.buildId } });
    await next.start('w', 'moving');
    const confirmCurrentBuild = async (): Promise<void> => void (told.buildId = current.buildId);
    const old = new EngineHarness(new ScriptedSandbox(scripts), { versioning: { buildId: 'b1', currentBuildId: () => told.buildId, confirmCurrentBuild } }, { store: next.store, dispatcher: next.dispatcher });
    await old.complete('first-b2');
    expect((await old.describe('moving')).incidents).toEqual([]);
    expect(old.history('moving').at(-1)).toBe('ACTIVITY_TASK_COMPLETED');
    expect(old.told('dueElsewhere')).toMatchObject([{ workflowId: 'moving', buildId: 'b2' }]);
    await next.engine.evict(next.store.runIdsDue(next.clock.now()));
    await next.advance(0);
    await next.complete('second-b2');
    expect(await next.describe('moving')).toMatchObject({ status: 'COMPLETED', result: 'b2' });
  });

  it('given a build that is current, when its code does not fit, then the run is held as ever', async () => {
    const current = { buildId: 'b1' };
    const first = new EngineHarness(new ScriptedSandbox({ w: twoSteps('b1') }), { versioning: { buildId: 'b1', currentBuildId: () => current.buildId } });
    await first.start('w', 'held');
    current.buildId = 'b2';
    const versioning = { buildId: 'b2', currentBuildId: () => current.buildId, confirmCurrentBuild: async () => undefined };
    const second = new EngineHarness(new ScriptedSandbox({ w: twoSteps('b2') }), { versioning }, { store: first.store, dispatcher: first.dispatcher });
    await second.complete('first-b1');
    expect((await second.describe('held')).incidents).toMatchObject([{ kind: 'NONDETERMINISM' }]);
  });

  it('given a run that is not pinned and whose code did not change, when a later build goes on with it, then the task says so', async () => {
    const { old, makeNew } = sideBySide(false);
    const same = twoSteps('same');
    const first = new EngineHarness(new ScriptedSandbox({ w: same }), { versioning: { buildId: 'b1' } });
    await first.start('w', 'moved');
    const second = new EngineHarness(new ScriptedSandbox({ w: same }), { versioning: { buildId: 'b2' } }, { store: first.store, dispatcher: first.dispatcher });
    await second.complete('first-same');
    expect(buildsIn(second, 'moved')).toEqual(['b1', 'b2']);
    expect((await second.describe('moved')).buildId).toBe('b2');
    expect([old, makeNew].length).toBe(2);
  });

  it('given a pinned run that continues as new, when another build is current, then the chain stays with its build', async () => {
    const current = { buildId: 'b1' };
    const kit = new EngineHarness(
      new ScriptedSandbox({ w: function* (workflow) {
        yield* workflow.activity('step');
        workflow.commands.push({ type: 'continueAsNew', workflowType: 'w', args: [] } as never);
        return yield* workflow.activity('never');
      } }),
      { versioning: { buildId: 'b1', currentBuildId: () => current.buildId, isPinned: () => true } },
    );
    await kit.start('w', 'chain');
    current.buildId = 'b2';
    await kit.complete('step');
    const { events } = kit.store.storedByWorkflowId('chain');
    expect(events[0]).toMatchObject({ eventType: 'WORKFLOW_EXECUTION_STARTED', attributes: { buildId: 'b1', continuedExecutionRunId: expect.any(String) } });
  });

  it('given a pinned run that begins a child, when another build is current, then the child is pinned to its parent’s build, whatever that one knows of its type', async () => {
    const current = { buildId: 'b1' };
    const parenting: WorkflowScript = function* (workflow) {
      yield* workflow.activity('step');
      workflow.startChild('onlyOld', 'child', []);
      return yield* workflow.activity('last');
    };
    const child: WorkflowScript = function* (workflow) {
      yield* workflow.activity('childStep');
      return 'grown';
    };
    const versioning = (buildId: string): { buildId: string; currentBuildId: () => string; isPinned: (type: string) => boolean } => ({ buildId, currentBuildId: () => current.buildId, isPinned: (type) => type === 'w' });
    const old = new EngineHarness(new ScriptedSandbox({ w: parenting, onlyOld: child }), { versioning: versioning('b1') });
    const next = new EngineHarness(new ScriptedSandbox({ w: parenting }), { versioning: versioning('b2') }, { store: old.store, dispatcher: old.dispatcher });
    old.beforeSend = async (calls) => {
      // The new build's replica holds the child's partition.
      await next.engine.receive(calls);
    };
    await old.start('w', 'parent');
    current.buildId = 'b2';
    await old.complete('step');
    expect(await old.describe('child')).toMatchObject({ pinnedBuildId: 'b1', parent: { workflowId: 'parent' } });
    await old.advance(0);
    await old.complete('childStep');
    expect(await old.describe('child')).toMatchObject({ status: 'COMPLETED', result: 'grown' });
  });
});
