import { describe, expect, it } from '@jest/globals';
import type { ActivityCancellationType } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { CANCELLED, ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

/** Waits for an activity; when the run is cancelled asks for the activity's cancellation. */
function cancelling(cancellationType: ActivityCancellationType, awaits: boolean): WorkflowScript {
  return function* (workflow) {
    const seq = workflow.schedule('act', [], { cancellationType });
    let ending: { status: string } | undefined;
    const waiting = workflow.ended(seq);
    yield* workflow.until(() => {
      const { done, value } = waiting.next();
      ending = done === true ? value : undefined;
      return workflow.cancelRequested || ending !== undefined;
    });
    if (ending === undefined) {
      workflow.commands.push({ type: 'requestCancelActivity', seq });
      if (awaits) {
        ending = yield* workflow.ended(seq);
      } else {
        yield* workflow.until(() => workflow.signals.length > 0);
      }
    }
    return ending?.status === 'canceled' ? CANCELLED : (ending?.status ?? 'gave up');
  };
}

function kitOf(cancellationType: ActivityCancellationType = 'WAIT_CANCELLATION_COMPLETED', awaits = true): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ cancelling: cancelling(cancellationType, awaits) }));
}

describe('cancelling a run', () => {
  it('given an attempt that waits on its queue, when the run is cancelled, then the job is taken off and the activity is cancelled', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    await kit.engine.cancel('w', 'no longer wanted', 'ann');
    await kit.settled();
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect(await kit.describe('w')).toMatchObject({ status: 'CANCELED', cancelRequested: true, activities: [{ status: 'CANCELED' }] });
    expect(kit.history('w').slice(5)).toEqual([
      'WORKFLOW_EXECUTION_CANCEL_REQUESTED',
      'WORKFLOW_TASK_SCHEDULED',
      'WORKFLOW_TASK_STARTED',
      'WORKFLOW_TASK_COMPLETED',
      'ACTIVITY_TASK_CANCEL_REQUESTED',
      'ACTIVITY_TASK_CANCELED',
      'WORKFLOW_TASK_SCHEDULED',
      'WORKFLOW_TASK_STARTED',
      'WORKFLOW_TASK_COMPLETED',
      'WORKFLOW_EXECUTION_CANCELED',
    ]);
  });

  it('given an attempt that runs, when the run is cancelled, then its worker is told, and its outcome decides', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.settled();
    expect(kit.dispatcher.flagged.size).toBe(1);
    expect((await kit.describe('w')).activities).toMatchObject([{ status: 'CANCEL_REQUESTED' }]);
    await kit.answer(job, { status: 'canceled', details: ['half done'] });
    expect(await kit.describe('w')).toMatchObject({ status: 'CANCELED', activities: [{ status: 'CANCELED', attempt: 1 }] });
  });

  it('given an attempt that runs to its end in spite of it, when it completes, then that counts', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.settled();
    await kit.answer(job, { status: 'completed', result: null });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'completed' });
  });

  it('given an attempt that fails after the request, when its outcome arrives, then it is not tried again', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.settled();
    await kit.answer(job, { status: 'failed', failure: { message: 'no' } });
    expect(kit.store.storedByWorkflowId('w').events).toContainEqual(expect.objectContaining({ eventType: 'ACTIVITY_TASK_FAILED', attributes: expect.objectContaining({ retryState: 'CANCEL_REQUESTED' }) }));
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given an attempt that backs off, when the run is cancelled, then the activity is cancelled at once', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    await kit.fail('act');
    await kit.engine.cancel('w');
    await kit.settled();
    expect((await kit.describe('w')).status).toBe('CANCELED');
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given a queue that cannot be reached, when the run is cancelled, then recovery asks again', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    await kit.settled();
    kit.dispatcher.unreachable = true;
    await kit.engine.cancel('w');
    await kit.settled();
    expect(kit.told('dispatchFailed')).toMatchObject([{ taskQueue: 'inventory' }]);
    expect((await kit.describe('w')).activities).toMatchObject([{ status: 'CANCEL_REQUESTED' }]);
    kit.dispatcher.unreachable = false;
    kit.dispatcher.flush();
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect((await kit.describe('w')).status).toBe('CANCELED');
    expect(kit.dispatcher.waiting()).toEqual([]);
  });

  it('given a cancelled run, when it is cancelled again, then nothing changes', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.engine.cancel('w');
    expect(kit.history('w').filter((type) => type === 'WORKFLOW_EXECUTION_CANCEL_REQUESTED').length).toBe(1);
  });

  it('given a run that is evicted between request and outcome, when the outcome arrives, then it ends the same way', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.restart();
    await kit.answer(job, { status: 'canceled' });
    expect((await kit.describe('w')).status).toBe('CANCELED');
  });

  it('given an activity that completes in the same task as the cancellation, when its cancellation is requested, then no event says so', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await Promise.all([kit.engine.cancel('w'), kit.answer(job, { status: 'completed', result: null })]);
    expect(kit.history('w')).not.toContain('ACTIVITY_TASK_CANCEL_REQUESTED');
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });

  it('given TRY_CANCEL, when the activity ends later, then the end is recorded and the workflow is not told', async () => {
    const sandbox = new ScriptedSandbox({ cancelling: cancelling('TRY_CANCEL', false) });
    const kit = new EngineHarness(sandbox);
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.cancel('w');
    await kit.settled();
    sandbox.batches.length = 0;
    await kit.answer(job, { status: 'completed', result: null });
    expect(sandbox.batches).toEqual([]);
    expect(kit.history('w').at(-1)).toBe('ACTIVITY_TASK_COMPLETED');
    await kit.restart();
    await kit.engine.signal('w', 'end', []);
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'gave up', openIncidents: 0 });
  });

  it('given ABANDON, when the run gives the activity up, then its attempt is left alone', async () => {
    const kit = kitOf('ABANDON', false);
    await kit.start('cancelling', 'w');
    await kit.engine.cancel('w');
    await kit.engine.signal('w', 'end', []);
    await kit.settled();
    expect(kit.history('w')).not.toContain('ACTIVITY_TASK_CANCEL_REQUESTED');
    expect((await kit.describe('w')).status).toBe('COMPLETED');
    expect(kit.dispatcher.waiting().length).toBe(1);
  });
});

describe('the order of what a task is told', () => {
  it('given a result, a cancellation and a signal in one task, when the code is told, then signals come first, the rest as it stands in the history', async () => {
    const sandbox = new ScriptedSandbox({ cancelling: cancelling('WAIT_CANCELLATION_COMPLETED', true) });
    const kit = new EngineHarness(sandbox);
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    sandbox.batches.length = 0;
    await Promise.all([kit.answer(job, { status: 'completed', result: null }), kit.engine.cancel('w'), kit.engine.signal('w', 'one', []), kit.engine.signal('w', 'two', [])]);
    expect(sandbox.batches.flat().map(({ jobs }) => jobs.map(({ type }) => type))).toEqual([['signalWorkflow', 'signalWorkflow', 'resolveActivity', 'cancelWorkflow']]);
  });
});

describe('terminating a run', () => {
  it('given a run with an attempt under way, when it is terminated, then it is closed, the attempt is given up, and late outcomes change nothing', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    const job = kit.dispatcher.take('act');
    await kit.engine.terminate('w', 'operator', 'ann');
    await kit.settled();
    expect(kit.dispatcher.flagged.size).toBe(1);
    expect(kit.history('w').at(-1)).toBe('WORKFLOW_EXECUTION_TERMINATED');
    const events = kit.history('w').length;
    await kit.answer(job, { status: 'completed', result: null });
    expect(kit.history('w').length).toBe(events);
    expect(kit.store.storedByWorkflowId('w').record).toMatchObject({ status: 'TERMINATED', openActivities: 0, failure: { terminatedFailureInfo: {} } });
    expect(kit.told('workflowClosed')).toMatchObject([{ status: 'TERMINATED' }]);
  });

  it('given an attempt that backs off, when the run is terminated, then nothing is kept of its attempts', async () => {
    const kit = kitOf();
    await kit.start('cancelling', 'w');
    await kit.fail('act');
    expect(kit.store.storedByWorkflowId('w').attempts.length).toBe(1);
    await kit.engine.terminate('w', 'operator');
    await kit.settled();
    expect(kit.store.storedByWorkflowId('w').attempts).toEqual([]);
    expect(kit.dispatcher.waiting()).toEqual([]);
  });
});
