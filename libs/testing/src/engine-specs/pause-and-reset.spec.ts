import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

/** Two steps, then it waits for the end; counts what it is asked to add. */
const steps: WorkflowScript = function* (workflow) {
  let added = 0;
  workflow.updates.set('add', (_, by) => (added += by as number));
  const first = yield* workflow.activity('first');
  const second = yield* workflow.activity('second');
  yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'end'));
  return [first.status, second.status === 'completed' ? second.result : null, added, workflow.signals.length, workflow.randomnessSeeds.length];
};

async function kitOf(): Promise<EngineHarness> {
  const kit = new EngineHarness(new ScriptedSandbox({ steps }));
  await kit.start('steps', 'w');
  return kit;
}

describe('pausing a run', () => {
  it('given a paused run, when things happen, then they are recorded, and neither a task nor an attempt begins until it goes on', async () => {
    const kit = await kitOf();
    const job = kit.dispatcher.take('first');
    await kit.engine.pause('w', { reason: 'maintenance', identity: 'me' });
    await kit.engine.pause('w', { reason: 'again' });
    expect((await kit.describe('w')).paused).toMatchObject({ reason: 'maintenance', identity: 'me' });
    await kit.answer(job, { status: 'completed', result: 1 });
    await kit.engine.signal('w', 'hello', []);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.restart();
    await kit.advance(0);
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect(await kit.engine.update('w', { updateId: 'u', updateName: 'add', args: [1], waitForStage: 'ACCEPTED' })).not.toHaveProperty('stage');
    await kit.engine.unpause('w', { reason: 'done' });
    await kit.settled();
    expect((await kit.describe('w')).paused).toBeUndefined();
    await kit.complete('second', 2);
    await kit.engine.signal('w', 'end', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: ['completed', 2, 0, 2, 1] });
  });

  it('given an attempt that fails while the run is paused, when the run goes on, then the next attempt begins', async () => {
    const kit = await kitOf();
    const job = kit.dispatcher.take('first');
    await kit.engine.pause('w', { reason: 'x' });
    await kit.answer(job, { status: 'failed', failure: { message: 'no' } });
    await kit.advance(60_000);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.engine.unpause('w', { reason: 'y' });
    await kit.settled();
    expect((await kit.complete('first')).attempt).toBe(2);
  });
});

describe('resetting a run', () => {
  it('given a run that went wrong after its first step, when it is reset to there, then a new run goes on from there with new randomness, and the old one has ended', async () => {
    const kit = await kitOf();
    const { key } = await kit.complete('first', 1);
    await kit.complete('second', 'wrong');
    await kit.engine.signal('w', 'hello', []);
    await kit.engine.update('w', { updateId: 'u', updateName: 'add', args: [5], waitForStage: 'COMPLETED' });
    const tasks = kit.store.storedByWorkflowId('w').events.filter(({ eventType }) => eventType === 'WORKFLOW_TASK_COMPLETED');
    const { runId } = await kit.engine.reset('w', { eventId: tasks[1]?.eventId ?? 0, reason: 'wrong result', identity: 'me' });
    await kit.settled();
    const [before] = kit.store.runIdsOf('w') as [string];
    expect((await kit.engine.describe('w', before)).status).toBe('TERMINATED');
    expect(await kit.describe('w')).toMatchObject({ runId, status: 'RUNNING', activities: [{ activityType: 'first', key, status: 'COMPLETED' }, { activityType: 'second', status: 'SCHEDULED' }] });
    const types = kit.history('w');
    expect(types.slice(types.indexOf('WORKFLOW_TASK_FAILED'))).toEqual([
      'WORKFLOW_TASK_FAILED',
      'WORKFLOW_EXECUTION_SIGNALED',
      'WORKFLOW_EXECUTION_UPDATE_ADMITTED',
      'WORKFLOW_TASK_SCHEDULED',
      'WORKFLOW_TASK_STARTED',
      'WORKFLOW_TASK_COMPLETED',
      'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
      'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
      'ACTIVITY_TASK_SCHEDULED',
    ]);
    await kit.restart();
    const again = kit.dispatcher.take('second');
    expect(again.key).toContain(runId);
    await kit.answer(again, { status: 'completed', result: 'right' });
    await kit.engine.signal('w', 'end', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: ['completed', 'right', 5, 2, 2], incidents: [] });
  });

  it('given a step that was open at that point, when the run is reset, then it keeps its key, so that its effect happens once', async () => {
    const kit = await kitOf();
    const { key } = await kit.complete('first', 1);
    const tasks = kit.store.storedByWorkflowId('w').events.filter(({ eventType }) => eventType === 'WORKFLOW_TASK_COMPLETED');
    // The task that has the result of `first` is done anew; the step itself stands.
    await kit.engine.reset('w', { eventId: tasks[1]?.eventId ?? 0, reason: 'x', reapply: 'NONE' });
    await kit.settled();
    expect((await kit.describe('w')).activities[0]).toMatchObject({ key });
    const { runId } = kit.store.storedByWorkflowId('w').record;
    await kit.engine.fork('w', { eventId: tasks[0]?.eventId ?? 0, reason: 'try', workflowId: 'forked' });
    await kit.settled();
    expect((await kit.describe('w')).runId).toBe(runId);
    expect(await kit.describe('forked')).toMatchObject({ status: 'RUNNING', workflowId: 'forked' });
    const begun = kit.dispatcher.waiting().filter(({ job }) => job.workflowId === 'forked');
    expect(begun).toMatchObject([{ job: { activityType: 'first' } }]);
    await expect(kit.engine.fork('w', { eventId: tasks[0]?.eventId ?? 0, reason: 'again', workflowId: 'forked' })).rejects.toMatchObject({ code: 'WORKFLOW_EXECUTION_ALREADY_STARTED' });
    await expect(kit.engine.reset('w', { eventId: 2, reason: 'too early' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('given a parent with a child under way, when it is reset, then the new run gets the child\'s end', async () => {
    const kit = new EngineHarness(
      new ScriptedSandbox({
        child: function* (workflow) {
          const { status } = yield* workflow.activity('work');
          return status;
        },
        parent: function* (workflow) {
          const seq = workflow.startChild('child', 'c');
          yield* workflow.childStarted(seq);
          yield* workflow.sleep(1_000);
          return (yield* workflow.childEnded(seq)).status;
        },
      }),
    );
    await kit.start('parent', 'p');
    await kit.settled();
    await kit.advance(1_000);
    const tasks = kit.store.storedByWorkflowId('p').events.filter(({ eventType }) => eventType === 'WORKFLOW_TASK_COMPLETED');
    await kit.engine.reset('p', { eventId: tasks[1]?.eventId ?? 0, reason: 'x' });
    await kit.settled();
    expect((await kit.describe('c')).status).toBe('RUNNING');
    await kit.complete('work');
    await kit.advance(1_000);
    expect(await kit.describe('p')).toMatchObject({ status: 'COMPLETED', result: 'completed', incidents: [] });
    expect(kit.store.runIdsOf('c').length).toBe(1);
  });
});
