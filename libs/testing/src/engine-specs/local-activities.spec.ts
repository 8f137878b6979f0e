import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const local: WorkflowScript = function* (workflow) {
  const ending = yield* workflow.ended(workflow.scheduleLocal('compute', [20]));
  yield* workflow.activity('after');
  return ending as unknown as JsonValue;
};

function kitOf(script: WorkflowScript = local): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ w: script }));
}

async function begun(kit: EngineHarness): Promise<void> {
  await kit.start('w', 'w');
  await untilQuiet(kit);
}

/** Functions take microtasks of their own. */
async function untilQuiet(kit: EngineHarness): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    await kit.settled();
  }
}

describe('local activities', () => {
  it('given a local activity, when it ends, then its marker stands in the task that follows, and replay does not run it again', async () => {
    const kit = kitOf();
    kit.localActivities.functions.set('compute', (_, _signal, by) => (by as number) + 1);
    await begun(kit);
    expect(kit.history('w').slice(4)).toEqual(['WORKFLOW_TASK_SCHEDULED', 'WORKFLOW_TASK_STARTED', 'WORKFLOW_TASK_COMPLETED', 'MARKER_RECORDED', 'ACTIVITY_TASK_SCHEDULED']);
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    await kit.restart();
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: { status: 'completed', result: 21 }, incidents: [] });
    expect(kit.localActivities.attempts.length).toBe(1);
  });

  it('given a local activity under way, when updates come, then they stand in the history before the task that tells of them, the refused one too, and replay fits', async () => {
    let end: (value: JsonValue) => void = () => undefined;
    const computed = new Promise<JsonValue>((resolve) => (end = resolve));
    const kit = kitOf(function* (workflow) {
      let sum = 0;
      workflow.updates.set('add', (_, by) => {
        if ((by as number) < 0) throw new Error('negative');
        return (sum += by as number);
      });
      yield* workflow.ended(workflow.scheduleLocal('compute', [20]));
      yield* workflow.activity('after');
      return sum;
    });
    kit.localActivities.functions.set('compute', () => computed);
    await begun(kit);
    const add = (by: number): Promise<unknown> => kit.engine.update('w', { updateId: `add${by}`, updateName: 'add', args: [by], waitForStage: 'COMPLETED' });
    expect(await add(2)).toMatchObject({ outcome: { status: 'completed', result: 2 } });
    await expect(add(-1)).rejects.toMatchObject({ code: 'UPDATE_REJECTED' });
    const task = ['WORKFLOW_TASK_SCHEDULED', 'WORKFLOW_TASK_STARTED', 'WORKFLOW_TASK_COMPLETED'];
    const told = ['WORKFLOW_EXECUTION_UPDATE_ADMITTED', ...task, 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED', 'WORKFLOW_EXECUTION_UPDATE_COMPLETED', 'WORKFLOW_EXECUTION_UPDATE_ADMITTED', ...task];
    expect(kit.history('w').slice(4)).toEqual(told);
    end(21);
    await untilQuiet(kit);
    expect(kit.history('w').slice(4)).toEqual([...told, ...task, 'MARKER_RECORDED', 'ACTIVITY_TASK_SCHEDULED']);
    await kit.restart();
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 2, incidents: [] });
  });

  it('given a function that fails twice, when its pauses have passed, then it is tried again as its policy says', async () => {
    const kit = kitOf();
    kit.localActivities.functions.set('compute', ({ attempt }) => {
      if (attempt < 3) {
        throw new Error(`no ${attempt}`);
      }
      return attempt;
    });
    await begun(kit);
    await kit.advance(1_000);
    await untilQuiet(kit);
    await kit.advance(2_000);
    await untilQuiet(kit);
    await kit.complete('after');
    expect((await kit.describe('w')).result).toEqual({ status: 'completed', result: 3 });
  });

  it('given a name that nobody registered, when it is called, then the workflow gets the failure at once', async () => {
    const kit = kitOf();
    await begun(kit);
    await kit.complete('after');
    expect((await kit.describe('w')).result).toMatchObject({ status: 'failed', failure: { cause: { applicationFailureInfo: { nonRetryable: true } }, activityFailureInfo: { activityType: 'compute', retryState: 'NON_RETRYABLE_FAILURE' } } });
  });

  it('given a function that does not come back, when its time is up, then it is told to give up and the workflow gets a time-out', async () => {
    let signal: AbortSignal | undefined;
    const kit = kitOf(function* (workflow) {
      const seq = workflow.scheduleLocal('compute', [], { startToCloseTimeoutMs: 500, retryPolicy: { initialIntervalMs: 1, backoffCoefficient: 1, maximumIntervalMs: 1, maximumAttempts: 1, nonRetryableErrorTypes: [], jitter: 0 } });
      return (yield* workflow.ended(seq)) as unknown as JsonValue;
    });
    kit.localActivities.functions.set('compute', (_, given) => {
      signal = given;
      return new Promise<JsonValue>(() => undefined);
    });
    await begun(kit);
    await kit.advance(500);
    await untilQuiet(kit);
    expect(signal?.aborted).toBe(true);
    expect((await kit.describe('w')).result).toMatchObject({ status: 'failed', failure: { cause: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } } });
  });

  it('given a crash while it runs, when recovery finds the run, then it is run again, and its end is recorded once', async () => {
    const kit = kitOf();
    kit.localActivities.functions.set('compute', () => new Promise<JsonValue>(() => undefined));
    await begun(kit);
    expect(kit.store.runIdsWithOpenCalls().length).toBe(1);
    await kit.restart();
    kit.localActivities.functions.set('compute', () => 'second time');
    await kit.engine.redispatch(kit.store.runIdsWithOpenCalls());
    await untilQuiet(kit);
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ result: { result: 'second time' }, incidents: [] });
    expect(kit.history('w').filter((type) => type === 'MARKER_RECORDED').length).toBe(1);
  });

  it('given a run that is evicted while it runs, when it ends, then the run is brought back and told', async () => {
    const kit = kitOf();
    let finish = (_: JsonValue): void => undefined;
    kit.localActivities.functions.set('compute', () => new Promise<JsonValue>((resolve) => (finish = resolve)));
    await begun(kit);
    await kit.engine.evict([kit.store.storedByWorkflowId('w').record.runId]);
    finish('late');
    await untilQuiet(kit);
    await kit.complete('after');
    expect((await kit.describe('w')).result).toEqual({ status: 'completed', result: 'late' });
    expect(kit.localActivities.attempts.length).toBe(1);
  });

  it('given one that the workflow gives up (TRY_CANCEL), when it is replayed, then the marker says so and nobody waits', async () => {
    const kit = kitOf(function* (workflow) {
      const seq = workflow.scheduleLocal('compute', [], { cancellationType: 'TRY_CANCEL' });
      yield* workflow.sleep(10);
      workflow.commands.push({ type: 'requestCancelLocalActivity', seq });
      yield* workflow.activity('after');
      return 'done';
    });
    let signal: AbortSignal | undefined;
    kit.localActivities.functions.set('compute', (_, given) => {
      signal = given;
      return new Promise<JsonValue>(() => undefined);
    });
    await begun(kit);
    await kit.advance(10);
    await untilQuiet(kit);
    expect(signal?.aborted).toBe(true);
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    await kit.restart();
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'done', incidents: [] });
  });

  it('given one that is scheduled and cancelled in one task, when the workflow waits for it, then it never runs and has been cancelled', async () => {
    const kit = kitOf(function* (workflow) {
      const seq = workflow.scheduleLocal('compute');
      workflow.commands.push({ type: 'requestCancelLocalActivity', seq });
      const { status } = yield* workflow.ended(seq);
      yield* workflow.activity('after');
      return status;
    });
    kit.localActivities.functions.set('compute', () => 1);
    await begun(kit);
    await kit.restart();
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ result: 'canceled', incidents: [] });
    expect(kit.localActivities.attempts).toEqual([]);
  });

  it('given a pause that is longer than the threshold, when an attempt fails, then the workflow is told to keep the pause itself, after a replay too', async () => {
    const kit = kitOf(function* (workflow) {
      let told = 0;
      workflow.onBackoff = ({ attempt, delayMs }) => {
        told += 1;
        workflow.startTimer(delayMs);
        workflow.scheduleLocal('compute', [], {}, attempt);
      };
      const ending = yield* workflow.ended(workflow.scheduleLocal('compute', [], { localRetryThresholdMs: 500 }) + 1);
      yield* workflow.activity('after');
      return [told, ending as unknown as JsonValue];
    });
    kit.localActivities.functions.set('compute', ({ attempt }) => {
      if (attempt === 1) {
        throw new Error('not yet');
      }
      return attempt;
    });
    await begun(kit);
    const marker = kit.store.storedByWorkflowId('w').events.find(({ eventType }) => eventType === 'MARKER_RECORDED');
    expect(marker?.attributes).toMatchObject({ details: { data: { attempt: 1, backoffMs: 1_000 } }, failure: { cause: { message: 'not yet' } } });
    await untilQuiet(kit);
    await kit.restart();
    await kit.complete('after');
    expect(await kit.describe('w')).toMatchObject({ result: [1, { status: 'completed', result: 2 }], incidents: [] });
  });

  it('given code that calls another local activity, when its run is replayed, then that is a divergence', async () => {
    const kit = kitOf();
    kit.localActivities.functions.set('compute', () => 1);
    await begun(kit);
    await kit.restart(new ScriptedSandbox({ w: function* (workflow) {
      yield* workflow.ended(workflow.scheduleLocal('renamed'));
      yield* workflow.activity('after');
      return null;
    } }));
    await kit.complete('after');
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'NONDETERMINISM', divergence: { recorded: { activityType: 'compute' }, produced: { activityType: 'renamed' } } }]);
  });
});
