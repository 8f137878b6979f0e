import { describe, expect, it } from '@jest/globals';
import type { UpdateWorkflowRequest } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptContinued, ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

/** Counts: `add` is done at once, `later` when a timer has fired; both refuse what is negative. */
const counter: WorkflowScript = function* (workflow) {
  let count = 0;
  const waiting: string[] = [];
  const add = (by: number): number => {
    if (by < 0) {
      throw new Error('negative');
    }
    return (count += by);
  };
  workflow.updates.set('add', (_, by) => add(by as number));
  workflow.updates.set('later', (updateId, by) => {
    add(by as number);
    waiting.push(updateId);
    return undefined;
  });
  workflow.queries.set('count', () => count);
  for (;;) {
    yield* workflow.until(() => waiting.length > 0 || workflow.signals.length > 0);
    if (workflow.signals.length > 0) {
      return count;
    }
    yield* workflow.sleep(1_000);
    workflow.completeUpdate(waiting.shift() as string, count);
  }
};

function update(updateName: string, by: number, updateId = `${updateName}-${by}`, waitForStage: UpdateWorkflowRequest['waitForStage'] = 'COMPLETED'): UpdateWorkflowRequest {
  return { updateId, updateName, args: [by], waitForStage };
}

function kitOf(more: Record<string, WorkflowScript> = {}): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ counter, ...more }));
}

const DUE = AbortSignal.abort();

describe('updates', () => {
  it('given an update that its handler completes at once, when it is sent, then the answer is its result, and it stands in the history', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    const { runId } = kit.store.storedByWorkflowId('w').record;
    expect(await kit.engine.update('w', update('add', 2))).toEqual({ updateId: 'add-2', workflowId: 'w', runId, stage: 'COMPLETED', outcome: { status: 'completed', result: 2 } });
    expect(kit.history('w').slice(-5)).toEqual(['WORKFLOW_TASK_SCHEDULED', 'WORKFLOW_TASK_STARTED', 'WORKFLOW_TASK_COMPLETED', 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED', 'WORKFLOW_EXECUTION_UPDATE_COMPLETED']);
    expect((await kit.describe('w')).updates).toEqual([{ updateId: 'add-2', updateName: 'add', stage: 'COMPLETED', outcome: { status: 'completed', result: 2 } }]);
  });

  it('given an update that its validator refuses, when it is sent, then the caller is told and nothing is recorded', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    const before = kit.history('w').length;
    await expect(kit.engine.update('w', update('add', -1))).rejects.toMatchObject({ code: 'UPDATE_REJECTED', failure: { message: 'negative' } });
    await expect(kit.engine.update('w', update('unknown', 1))).rejects.toMatchObject({ code: 'UPDATE_REJECTED' });
    expect(kit.history('w').length).toBe(before);
    expect(await kit.engine.query('w', 'count', [])).toBe(0);
  });

  it('given the same update id twice, at once and later, when it is sent, then it takes effect once and all get its outcome', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    const both = await Promise.all([kit.engine.update('w', update('add', 3)), kit.engine.update('w', update('add', 3))]);
    await kit.restart();
    const third = await kit.engine.update('w', update('add', 3));
    expect([...both, third].map(({ outcome }) => outcome)).toEqual(Array.from({ length: 3 }, () => ({ status: 'completed', result: 3 })));
    expect(await kit.engine.query('w', 'count', [])).toBe(3);
  });

  it('given an update that takes its time, when it is waited for, then the answer comes with its completion; and at the stage ACCEPTED at once', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    expect(await kit.engine.update('w', update('later', 1, 'u', 'ACCEPTED'))).toMatchObject({ stage: 'ACCEPTED' });
    expect(await kit.engine.update('w', update('later', 1, 'u'), undefined, DUE)).toMatchObject({ stage: 'ACCEPTED' });
    const joined = kit.engine.update('w', update('later', 1, 'u'));
    const polled = kit.engine.pollUpdate('w', 'u');
    await kit.advance(1_000);
    expect((await joined).outcome).toEqual({ status: 'completed', result: 1 });
    expect((await polled).outcome).toEqual({ status: 'completed', result: 1 });
    await expect(kit.engine.pollUpdate('w', 'nobody knows')).rejects.toMatchObject({ code: 'UPDATE_NOT_FOUND' });
  });

  it('given updates and signals in the history, when the run is replayed, then its state is the same, and validators are not asked again', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    await Promise.all([kit.engine.update('w', update('add', 1)), kit.engine.update('w', update('later', 2, 'l', 'ACCEPTED'))]);
    await kit.restart();
    await kit.advance(1_000);
    expect((await kit.engine.pollUpdate('w', 'l')).outcome).toEqual({ status: 'completed', result: 3 });
    await kit.engine.signal('w', 'end', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 3, incidents: [] });
    const replayed = (kit.sandbox as ScriptedSandbox).batches.flat().filter(({ info }) => info.isReplaying).flatMap(({ jobs }) => jobs);
    expect(replayed.filter(({ type }) => type === 'doUpdate')).toMatchObject([{ updateId: 'add-1', runValidator: false }, { updateId: 'l', runValidator: false }]);
  });

  it('given a workflow that ends before an accepted update does, when somebody waits for it, then it has failed', async () => {
    const kit = kitOf();
    await kit.start('counter', 'w');
    const waiting = kit.engine.update('w', update('later', 1));
    await kit.settled();
    await kit.engine.terminate('w', 'enough');
    expect((await waiting).outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'AcceptedUpdateCompletedWorkflow' } } });
    expect((await kit.engine.update('w', update('later', 1))).outcome).toMatchObject({ status: 'failed' });
    await expect(kit.engine.update('w', update('add', 9))).rejects.toMatchObject({ code: 'WORKFLOW_ALREADY_CLOSED' });
  });

  it('given a run that is held, when an update comes, then it is not accepted, and the caller may ask again', async () => {
    const kit = kitOf({
      broken: function* () {
        throw new Error('a bug');
      },
    });
    await kit.start('broken', 'w');
    const answer = await kit.engine.update('w', update('add', 1));
    expect(answer).toEqual({ updateId: 'add-1', workflowId: 'w', runId: answer.runId });
  });

  it('given a run that continues as new instead of taking the update, when the update was for the workflow, then the next run gets it', async () => {
    const kit = kitOf({
      first: function* (workflow) {
        yield* workflow.until(() => workflow.signals.length > 0);
        return new ScriptContinued({ workflowType: 'counter', args: [] });
      },
    });
    await kit.start('first', 'w');
    await kit.engine.signal('w', 'go on', []);
    expect((await kit.engine.update('w', update('add', 5))).outcome).toEqual({ status: 'completed', result: 5 });
  });

  it('given no run, when an update comes with a start, then the run is made and the update is its first', async () => {
    const kit = kitOf();
    const request = { start: { workflowId: 'w', workflowType: 'counter', args: [], workflowIdConflictPolicy: 'USE_EXISTING' as const }, update: update('add', 4) };
    expect(await kit.engine.updateWithStart(request)).toMatchObject({ start: { status: 'started' }, update: { outcome: { result: 4 } } });
    expect(await kit.engine.updateWithStart({ ...request, update: update('add', 1) })).toMatchObject({ start: { status: 'existing' }, update: { outcome: { result: 5 } } });
    const refused = { start: { ...request.start, args: [1], workflowIdConflictPolicy: 'FAIL' as const }, update: update('add', 1) };
    expect(await kit.engine.updateWithStart(refused)).toMatchObject({ start: { status: 'conflict' } });
  });
});
