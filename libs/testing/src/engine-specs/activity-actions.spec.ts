import { describe, expect, it } from '@jest/globals';
import { ACTIVITY_ACTION_SIGNAL, ActivityAlreadyClosedError, ActivityNotFoundError, InvalidRequestError, type ActivityAction, type ActivityActionRequest } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

type Options = Parameters<Parameters<WorkflowScript>[0]['schedule']>[2];

async function oneActivity(options: Options = {}): Promise<EngineHarness> {
  const script: WorkflowScript = function* (workflow) {
    return { ...(yield* workflow.activity('act', ['input'], options)) };
  };
  const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
  await kit.start('one', 'w');
  return kit;
}

async function act(kit: EngineHarness, action: ActivityAction, request: ActivityActionRequest = {}, activityId = '1'): Promise<unknown> {
  const answer = await kit.engine.activityAction('w', activityId, action, request);
  await kit.settled();
  return answer;
}

function audits(kit: EngineHarness): unknown[] {
  return kit.store
    .storedByWorkflowId('w')
    .events.flatMap(({ attributes }) => ('signalName' in attributes && attributes.signalName === ACTIVITY_ACTION_SIGNAL && 'input' in attributes ? attributes.input : []));
}

const operator = { reason: 'the carrier says so', identity: 'olga' };

describe('an activity that completes from outside', () => {
  async function waiting(options: Options = {}): Promise<EngineHarness> {
    const kit = await oneActivity(options);
    await kit.answer(kit.dispatcher.take('act'), { status: 'running', completesOutside: true });
    return kit;
  }

  it('given a handler that has returned, when recovery comes by, then no job is made; when the result comes, then the workflow has it, under the name of who sent it', async () => {
    const kit = await waiting();
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect((await kit.describe('w')).activities).toMatchObject([{ status: 'SCHEDULED', completesOutside: true }]);
    await act(kit, 'complete', { attempt: 1, result: { approved: true }, identity: 'webhook' });
    expect((await kit.describe('w')).result).toMatchObject({ status: 'completed', result: { approved: true } });
    expect(kit.store.storedByWorkflowId('w').events).toContainEqual(expect.objectContaining({ eventType: 'ACTIVITY_TASK_COMPLETED', attributes: expect.objectContaining({ identity: 'webhook' }) }));
    expect(audits(kit)).toEqual([]);
    await expect(act(kit, 'complete')).rejects.toThrow();
  });

  it('given one that fails from outside, when it may be tried again, then it is; when the next is cancelled, then the workflow is told', async () => {
    const kit = await waiting();
    await act(kit, 'fail', { attempt: 1, failure: { message: 'lost' }, details: { page: 3 } });
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 1_000, job: { attempt: 2, heartbeatDetails: { page: 3 } } }]);
    await act(kit, 'cancel', { attempt: 2, details: 'gone' });
    expect((await kit.describe('w')).result).toMatchObject({ status: 'failed', failure: { cause: { canceledFailureInfo: { details: ['gone'] } } } });
  });

  it('given a heartbeat time-out, when heartbeats come from outside, then it lives; when they stop, then the next attempt gets the details', async () => {
    const kit = await waiting({ heartbeatTimeoutMs: 2_000 });
    await kit.advance(1_500);
    expect(await act(kit, 'heartbeat', { attempt: 1, details: 5 })).toEqual({ cancelRequested: false, paused: false });
    await kit.advance(1_000);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.advance(1_000);
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2, heartbeatDetails: 5 } }]);
    await expect(act(kit, 'heartbeat', { attempt: 1 })).rejects.toThrow(ActivityNotFoundError);
    await expect(act(kit, 'fail', { attempt: 1, failure: { message: 'late' } })).rejects.toThrow(ActivityNotFoundError);
    await act(kit, 'complete', { attempt: 1, result: 'after all' });
    expect((await kit.describe('w')).result).toMatchObject({ result: 'after all' });
  });

  it('given no such workflow or activity, or one that is closed while its run goes on, when it is asked for, then each is refused as what it is', async () => {
    const script: WorkflowScript = function* (workflow) {
      yield* workflow.activity('first');
      yield* workflow.activity('second');
    };
    const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
    await kit.start('one', 'w');
    await kit.complete('first');
    await expect(act(kit, 'complete', {}, '1')).rejects.toThrow(ActivityAlreadyClosedError);
    await expect(act(kit, 'complete', {}, '3')).rejects.toThrow(ActivityNotFoundError);
    await expect(kit.engine.activityAction('other', '1', 'complete', {})).rejects.toThrow('other');
  });
});

describe('an operator', () => {
  it('given an attempt that backs off, when it is retried now, then it begins now, and the reason stands in the history', async () => {
    const kit = await oneActivity();
    await kit.fail('act');
    await act(kit, 'retry', operator);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { attempt: 2, dispatch: 2 } }]);
    expect(audits(kit)).toEqual([{ action: 'retry', activityId: '1', scheduledEventId: 5, ...operator }]);
    await kit.complete('act', 'now');
    expect((await kit.describe('w')).result).toMatchObject({ result: 'now' });
  });

  it('given an attempt that hangs, when it is retried now, then a new one is made and the old one is told', async () => {
    const kit = await oneActivity();
    const hanging = kit.dispatcher.take('act');
    await act(kit, 'retry', operator);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { attempt: 2, dispatch: 1 } }]);
    expect(kit.dispatcher.flagged.has(`${hanging.runId}-5-1-1`)).toBe(true);
  });

  it('given an activity, when it is paused, then nothing begins, not even by recovery; when it is unpaused, then it does', async () => {
    const kit = await oneActivity({ scheduleToStartTimeoutMs: 3_000 });
    await act(kit, 'pause', operator);
    expect(kit.dispatcher.waiting()).toEqual([]);
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.advance(60_000);
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect((await kit.describe('w')).activities).toMatchObject([{ paused: true }]);
    await act(kit, 'unpause', operator);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { attempt: 1, dispatch: 2 } }]);
    await kit.complete('act');
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });

  it('given an attempt under way, when it is paused, then it goes on and may complete; when it fails, then the next waits', async () => {
    const kit = await oneActivity();
    const running = kit.dispatcher.take('act');
    await act(kit, 'pause', operator);
    expect(kit.dispatcher.flagged.size).toBe(0);
    await kit.answer(running, { status: 'failed', failure: { message: 'no' } });
    expect(kit.dispatcher.waiting()).toEqual([]);
    await act(kit, 'unpause', operator);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 1_000, job: { attempt: 2 } }]);
  });

  it('given an activity, when it is failed with a reason, then it is not tried again; without a reason retry is refused', async () => {
    const kit = await oneActivity();
    await expect(act(kit, 'retry', {})).rejects.toThrow(InvalidRequestError);
    await act(kit, 'fail', { ...operator, failure: { message: 'given up' } });
    expect((await kit.describe('w')).result).toMatchObject({ status: 'failed', failure: { activityFailureInfo: { retryState: 'NON_RETRYABLE_FAILURE' }, cause: { message: 'given up' } } });
    expect(audits(kit)).toHaveLength(1);
  });

  it('given a paused activity that was never taken, when the workflow cancels it, then it is cancelled then and there', async () => {
    const script: WorkflowScript = function* (workflow) {
      const seq = workflow.schedule('act');
      yield* workflow.until(() => workflow.cancelRequested);
      workflow.commands.push({ type: 'requestCancelActivity', seq });
      return { ...(yield* workflow.ended(seq)) };
    };
    const kit = new EngineHarness(new ScriptedSandbox({ one: script }));
    await kit.start('one', 'w');
    await act(kit, 'pause', operator);
    await kit.engine.cancel('w');
    await kit.settled();
    expect((await kit.describe('w')).result).toMatchObject({ status: 'canceled' });
  });
});
