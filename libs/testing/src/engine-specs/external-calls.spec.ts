import { describe, expect, it } from '@jest/globals';
import type { RunCall } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { CANCELLED, ScriptContinued, ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';

const listener: WorkflowScript = function* (workflow) {
  workflow.queries.set('heard', () => workflow.signals.map(({ signalName, args }) => [signalName, ...args]));
  yield* workflow.until(() => workflow.cancelRequested || workflow.signals.some(({ signalName }) => signalName === 'end'));
  return workflow.cancelRequested ? CANCELLED : null;
};
const sender: WorkflowScript = function* (workflow, target = 'l') {
  const failure = yield* workflow.signalExternal({ workflowId: target as string }, 'hello', ['from', workflow.activation.info.workflowId]);
  yield* workflow.until(() => workflow.signals.length > 0);
  return (failure ?? null) as unknown as JsonValue;
};
const canceller: WorkflowScript = function* (workflow, target = 'l') {
  return ((yield* workflow.cancelExternal(target as string, 'not wanted')) ?? 'cancelled') as unknown as JsonValue;
};

function kitOf(more: Record<string, WorkflowScript> = {}): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ listener, sender, canceller, ...more }));
}

describe('signals from run to run', () => {
  it('given a running workflow, when another one signals it, then it gets the signal, and both histories say so, after a replay too', async () => {
    const kit = kitOf();
    await kit.start('listener', 'l');
    await kit.start('sender', 's');
    await kit.settled();
    expect(await kit.engine.query('l', 'heard', [])).toEqual([['hello', 'from', 's']]);
    expect(kit.history('s')).toEqual(expect.arrayContaining(['SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', 'EXTERNAL_WORKFLOW_EXECUTION_SIGNALED']));
    await kit.restart();
    await kit.engine.signal('s', 'end', []);
    expect(await kit.describe('s')).toMatchObject({ status: 'COMPLETED', result: null, incidents: [] });
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
  });

  it('given nobody of that id, when a workflow signals it, then its code gets a failure', async () => {
    const kit = kitOf();
    await kit.start('sender', 's', 'nobody');
    await kit.settled();
    expect(kit.history('s')).toContain('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED');
    await kit.engine.signal('s', 'end', []);
    expect((await kit.describe('s')).result).toMatchObject({ applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound' } });
  });

  it('given a crash after the signal was delivered, when recovery sends it again, then it is recorded once', async () => {
    const kit = kitOf();
    await kit.start('listener', 'l');
    const { engine } = kit;
    kit.beforeSend = async (calls) => {
      await engine.receive(calls);
      await new Promise(() => undefined);
    };
    await kit.start('sender', 's');
    await new Promise((resolve) => setImmediate(resolve));
    await kit.restart();
    kit.beforeSend = undefined;
    await kit.engine.redispatch(kit.store.runIdsWithOpenCalls());
    await kit.settled();
    expect(await kit.engine.query('l', 'heard', [])).toEqual([['hello', 'from', 's']]);
    expect(kit.history('s')).toContain('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED');
  });

  it('given a target that continued as new, when it is signalled by its id, then the newest run gets the signal', async () => {
    const kit = kitOf({
      listener: function* (workflow, round = 0) {
        if (round === 0) {
          return new ScriptContinued({ workflowType: 'listener', args: [1] });
        }
        yield* listener(workflow);
        return workflow.signals.length;
      },
    });
    await kit.start('listener', 'l', 0);
    await kit.settled();
    await kit.start('sender', 's');
    await kit.settled();
    await kit.engine.signal('l', 'end', []);
    expect((await kit.describe('l')).result).toBe(2);
  });

  it('given a parent that signals its child by the child, when the child has it, then it says from whom', async () => {
    const kit = kitOf({
      parent: function* (workflow) {
        const seq = workflow.startChild('listener', 'c');
        yield* workflow.childStarted(seq);
        yield* workflow.signalExternal({ childSeq: seq }, 'end');
        return (yield* workflow.childEnded(seq)) as unknown as JsonValue;
      },
    });
    await kit.start('parent', 'p');
    await kit.settled();
    expect((await kit.describe('p')).result).toMatchObject({ status: 'completed' });
    expect(kit.store.storedByWorkflowId('c').events.find(({ eventType }) => eventType === 'WORKFLOW_EXECUTION_SIGNALED')?.attributes).toMatchObject({ externalWorkflowExecution: { workflowId: 'p' } });
  });

  it('given a run that is no child of the sender, when a signal is for a child alone, then it is not delivered', async () => {
    const kit = kitOf();
    await kit.start('listener', 'l');
    const call: RunCall = { type: 'signal', workflowId: 'l', signalName: 'x', args: [], childWorkflowOnly: true, sender: { workflowId: 's', runId: 's-1' }, initiatedEventId: 5 };
    expect(await kit.engine.receive([call])).toEqual([{ status: 'failed', cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' }]);
    expect(await kit.engine.query('l', 'heard', [])).toEqual([]);
  });

  it('given a workflow that ends in the task that signals, when it has ended, then the signal arrives all the same', async () => {
    const kit = kitOf({
      hasty: function* (workflow) {
        workflow.commands.push({ type: 'signalExternalWorkflow', seq: 1, target: { workflowId: 'l' }, signalName: 'last words', args: [] });
        return null;
      },
    });
    await kit.start('listener', 'l');
    await kit.start('hasty', 'h');
    await kit.settled();
    expect(await kit.engine.query('l', 'heard', [])).toEqual([['last words']]);
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
  });
});

describe('cancellations from run to run', () => {
  it('given a running workflow, when another one cancels it, then it is told by whom and why', async () => {
    const kit = kitOf();
    await kit.start('listener', 'l');
    await kit.start('canceller', 'x');
    await kit.settled();
    expect(await kit.describe('l')).toMatchObject({ status: 'CANCELED' });
    expect((await kit.describe('x')).result).toBe('cancelled');
    expect(kit.store.storedByWorkflowId('l').events.find(({ eventType }) => eventType === 'WORKFLOW_EXECUTION_CANCEL_REQUESTED')?.attributes).toMatchObject({ cause: 'not wanted', externalWorkflowExecution: { workflowId: 'x' } });
  });

  it('given nobody of that id, when a workflow cancels it, then its code gets a failure', async () => {
    const kit = kitOf();
    await kit.start('canceller', 'x', 'nobody');
    await kit.settled();
    expect((await kit.describe('x')).result).toMatchObject({ message: expect.stringContaining('nobody') });
  });
});
