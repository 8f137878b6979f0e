import { describe, expect, it } from '@jest/globals';
import type { ChildWorkflowOptions, JsonValue } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { CANCELLED, ScriptContinued, ScriptedSandbox, ScriptFailed, type WorkflowScript } from '../scripted-sandbox.js';

/** A child that works, and ends as its activity does; cancelled, it ends so. */
const child: WorkflowScript = function* (workflow, what = null) {
  const seq = workflow.schedule('work', [what]);
  yield* workflow.until(() => workflow.cancelRequested || workflow.signals.length > 0 || workflow.isSettled(seq));
  if (workflow.cancelRequested) {
    return CANCELLED;
  }
  if (workflow.signals.length > 0) {
    return { signalled: workflow.signals.map(({ signalName, args }) => [signalName, ...args]) };
  }
  const ending = yield* workflow.ended(seq);
  return ending.status === 'completed' ? ending.result : new ScriptFailed({ message: 'the child failed', applicationFailureInfo: { type: 'ChildSaysNo' } });
};

/** Starts one child, tells how it began and how it ended. */
function parentWith(options: Partial<ChildWorkflowOptions> = {}): WorkflowScript {
  return function* (workflow) {
    const seq = workflow.startChild('child', 'c', ['x'], options);
    const start = yield* workflow.childStarted(seq);
    if (start.status !== 'started') {
      return start as unknown as JsonValue;
    }
    const end = yield* workflow.childEnded(seq);
    return { startedRunId: start.runId, end } as unknown as JsonValue;
  };
}

function kitOf(parent: WorkflowScript = parentWith(), more: Record<string, WorkflowScript> = {}): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ parent, child, ...more }));
}

const CHILD_EVENTS = ['START_CHILD_WORKFLOW_EXECUTION_INITIATED', 'CHILD_WORKFLOW_EXECUTION_STARTED'];

function childEvents(kit: EngineHarness): string[] {
  return kit.history('p').filter((type) => type.includes('CHILD'));
}

describe('children', () => {
  it('given a parent that starts a child, when the child completes, then the parent gets its result, and both histories say so', async () => {
    const kit = kitOf();
    await kit.start('parent', 'p');
    await kit.settled();
    expect(childEvents(kit)).toEqual(CHILD_EVENTS);
    expect(await kit.describe('c')).toMatchObject({ status: 'RUNNING', parent: { workflowId: 'p' }, root: { workflowId: 'p' } });
    expect(await kit.describe('p')).toMatchObject({ children: [{ workflowId: 'c', status: 'STARTED' }] });
    await kit.complete('work', 42);
    const { runId } = kit.store.storedByWorkflowId('c').record;
    expect(await kit.describe('p')).toMatchObject({
      status: 'COMPLETED',
      result: { startedRunId: runId, end: { status: 'completed', result: 42 } },
      children: [{ status: 'COMPLETED', runId }],
    });
    expect(childEvents(kit)).toEqual([...CHILD_EVENTS, 'CHILD_WORKFLOW_EXECUTION_COMPLETED']);
    expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
  });

  it.each([
    ['fails', 'CHILD_WORKFLOW_EXECUTION_FAILED', { status: 'failed', failure: { cause: { applicationFailureInfo: { type: 'ChildSaysNo' } }, childWorkflowExecutionFailureInfo: { workflowId: 'c', retryState: 'RETRY_POLICY_NOT_SET' } } }],
    ['is cancelled', 'CHILD_WORKFLOW_EXECUTION_CANCELED', { status: 'canceled', failure: { cause: { canceledFailureInfo: {} } } }],
    ['is terminated', 'CHILD_WORKFLOW_EXECUTION_TERMINATED', { status: 'failed', failure: { cause: { terminatedFailureInfo: {} } } }],
    ['times out', 'CHILD_WORKFLOW_EXECUTION_TIMED_OUT', { status: 'failed', failure: { cause: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } } }],
  ] as const)('given a child that %s, when it has ended, then the parent is told how, after a restart too', async (how, eventType, end) => {
    const kit = kitOf(parentWith({ workflowRunTimeoutMs: 60_000 }));
    await kit.start('parent', 'p');
    await kit.settled();
    await kit.restart();
    if (how === 'fails') {
      await kit.fail('work', { message: 'no', applicationFailureInfo: { nonRetryable: true } });
    } else if (how === 'is cancelled') {
      await kit.engine.cancel('c');
    } else if (how === 'is terminated') {
      await kit.engine.terminate('c', 'enough');
    } else {
      await kit.advance(60_000);
    }
    await kit.settled();
    expect(childEvents(kit).at(-1)).toBe(eventType);
    expect(await kit.describe('p')).toMatchObject({ status: 'COMPLETED', result: { end } });
  });

  it('given a workflow id that is taken, when a child is to be started under it, then the parent is told, and the run that has it is left alone', async () => {
    const kit = kitOf();
    await kit.start('child', 'c', 'other');
    await kit.start('parent', 'p');
    await kit.settled();
    expect(await kit.describe('p')).toMatchObject({ status: 'COMPLETED', result: { status: 'failed', cause: 'WORKFLOW_ALREADY_EXISTS', workflowId: 'c' } });
    expect((await kit.describe('c')).parent).toBeUndefined();
  });

  it('given a closed run with the workflow id, when a child is started under it, then it takes its place', async () => {
    const kit = kitOf();
    await kit.start('child', 'c', 'first');
    await kit.complete('work', 1);
    await kit.start('parent', 'p');
    await kit.settled();
    await kit.complete('work', 2);
    expect(await kit.describe('p')).toMatchObject({ result: { end: { result: 2 } } });
    expect(kit.store.runIdsOf('c').length).toBe(2);
  });

  it('given a type that the bundle does not have, when it is to be a child, then the parent is told', async () => {
    const kit = kitOf(function* (workflow) {
      return (yield* workflow.childStarted(workflow.startChild('nobody', 'c'))) as unknown as JsonValue;
    });
    await kit.start('parent', 'p');
    await kit.settled();
    expect((await kit.describe('p')).result).toMatchObject({ status: 'failed', cause: 'WORKFLOW_TYPE_UNKNOWN' });
  });

  it('given a child that continues as new twice, when its last run completes, then the parent gets that result', async () => {
    const continuing: WorkflowScript = function* (workflow, left = 2) {
      yield* workflow.activity('work', [left]);
      return (left as number) === 0 ? `from ${workflow.activation.info.lineage?.parent?.workflowId}` : new ScriptContinued({ workflowType: 'child', args: [(left as number) - 1] });
    };
    const kit = new EngineHarness(new ScriptedSandbox({ child: continuing, parent: function* (workflow) {
      return (yield* workflow.childEnded(workflow.startChild('child', 'c', [2]))) as unknown as JsonValue;
    } }));
    await kit.start('parent', 'p');
    await kit.settled();
    for (let round = 0; round < 3; round += 1) {
      expect((await kit.describe('p')).status).toBe('RUNNING');
      await kit.restart();
      await kit.engine.redispatch(kit.store.runIdsWithOpenCalls());
      await kit.settled();
      await kit.complete('work');
    }
    expect((await kit.describe('p')).result).toEqual({ status: 'completed', result: 'from p' });
    expect(kit.store.runIdsOf('c').length).toBe(3);
  });

  describe('cancelling a child', () => {
    const cancelling = (options: Partial<ChildWorkflowOptions>): WorkflowScript =>
      function* (workflow) {
        const seq = workflow.startChild('child', 'c', [], options);
        yield* workflow.childStarted(seq);
        yield* workflow.until(() => workflow.signals.length > 0);
        workflow.commands.push({ type: 'cancelChildWorkflow', seq, reason: 'changed my mind' });
        if (options.cancellationType !== 'WAIT_CANCELLATION_COMPLETED') {
          return 'gone on';
        }
        return (yield* workflow.childEnded(seq)) as unknown as JsonValue;
      };

    it('given a parent that waits for it, when the child has been cancelled, then the parent is told', async () => {
      const kit = kitOf(cancelling({ cancellationType: 'WAIT_CANCELLATION_COMPLETED' }));
      await kit.start('parent', 'p');
      await kit.settled();
      await kit.restart();
      await kit.engine.signal('p', 'go', []);
      await kit.settled();
      expect((await kit.describe('c')).status).toBe('CANCELED');
      expect((await kit.describe('p')).result).toMatchObject({ status: 'canceled' });
      expect(kit.history('p')).toEqual(expect.arrayContaining(['REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', 'CHILD_WORKFLOW_EXECUTION_CANCELED']));
      expect(kit.store.storedByWorkflowId('c').events.find(({ eventType }) => eventType === 'WORKFLOW_EXECUTION_CANCEL_REQUESTED')?.attributes).toMatchObject({
        cause: 'changed my mind',
        externalWorkflowExecution: { workflowId: 'p' },
      });
    });

    it('given a parent that does not wait (TRY_CANCEL), when it is replayed, then its history has the request and not how the child ended', async () => {
      const kit = kitOf(function* (workflow) {
        const seq = workflow.startChild('child', 'c', [], { cancellationType: 'TRY_CANCEL' });
        yield* workflow.childStarted(seq);
        workflow.commands.push({ type: 'cancelChildWorkflow', seq });
        yield* workflow.until(() => workflow.signals.length > 0);
        return 'done';
      });
      await kit.start('parent', 'p');
      await kit.settled();
      expect((await kit.describe('c')).status).toBe('CANCELED');
      expect(childEvents(kit)).toEqual(CHILD_EVENTS);
      expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
      await kit.restart();
      await kit.engine.signal('p', 'end', []);
      expect(await kit.describe('p')).toMatchObject({ status: 'COMPLETED', incidents: [] });
    });

    it('given a child that is to be left alone (ABANDON), when it is cancelled, then nothing is recorded and it goes on', async () => {
      const kit = kitOf(cancelling({ cancellationType: 'ABANDON', parentClosePolicy: 'ABANDON' }));
      await kit.start('parent', 'p');
      await kit.settled();
      await kit.engine.signal('p', 'go', []);
      await kit.settled();
      expect(kit.history('p')).not.toContain('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED');
      expect((await kit.describe('c')).status).toBe('RUNNING');
    });

    it('given a child that is started and cancelled in one task, when the run goes on, then neither stands in the history', async () => {
      const kit = kitOf(function* (workflow) {
        const seq = workflow.startChild('child', 'c');
        workflow.commands.push({ type: 'cancelChildWorkflow', seq });
        const second = workflow.startChild('child', 'c2');
        return (yield* workflow.childEnded(second)) as unknown as JsonValue;
      });
      await kit.start('parent', 'p');
      await kit.settled();
      expect(childEvents(kit)).toEqual(CHILD_EVENTS);
      await kit.restart();
      await kit.complete('work', 2);
      expect((await kit.describe('p')).result).toEqual({ status: 'completed', result: 2 });
    });
  });

  describe('when the parent closes', () => {
    it.each([
      ['TERMINATE', 'TERMINATED'],
      ['REQUEST_CANCEL', 'CANCELED'],
      ['ABANDON', 'RUNNING'],
    ] as const)('given the policy %s, when the parent is terminated, then its child is %s', async (parentClosePolicy, status) => {
      const kit = kitOf(parentWith({ parentClosePolicy }));
      await kit.start('parent', 'p');
      await kit.settled();
      await kit.engine.terminate('p', 'enough');
      await kit.settled();
      expect((await kit.describe('c')).status).toBe(status);
      expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    });

    it('given calls that do not get through, when recovery asks again, then the child is ended all the same, and once', async () => {
      const kit = kitOf();
      await kit.start('parent', 'p');
      await kit.settled();
      kit.beforeSend = () => {
        throw new Error('unreachable');
      };
      await kit.engine.terminate('p', 'enough');
      await kit.settled();
      expect((await kit.describe('c')).status).toBe('RUNNING');
      expect(kit.told('callsFailed').length).toBe(1);
      await kit.restart();
      kit.beforeSend = undefined;
      const owing = kit.store.runIdsWithOpenCalls();
      expect(owing.length).toBe(1);
      await kit.engine.resumeCalls(owing);
      await kit.settled();
      expect((await kit.describe('c')).status).toBe('TERMINATED');
      expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    });

    it('given a child whose start is still on its way, when it comes after its parent has closed, then it is ended at once', async () => {
      const kit = kitOf();
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      kit.beforeSend = (calls) => (calls.some(({ type }) => type === 'startChild') ? held : undefined);
      await kit.start('parent', 'p');
      await kit.engine.terminate('p', 'enough');
      release();
      await kit.settled();
      expect((await kit.describe('c')).status).toBe('TERMINATED');
    });
  });

  describe('a crash between the commits', () => {
    it('given a store that is away when the answer comes, when the host is told and asks again, then the parent learns of its child', async () => {
      const kit = kitOf();
      kit.store.beforeCommit = (appends) => {
        if (appends.some(({ events }) => events.some(({ eventType }) => eventType === 'CHILD_WORKFLOW_EXECUTION_STARTED'))) {
          kit.store.beforeCommit = undefined;
          kit.store.failNextCommit('before');
        }
      };
      await kit.start('parent', 'p');
      await kit.settled();
      expect(childEvents(kit)).toEqual(CHILD_EVENTS.slice(0, 1));
      const [failed] = kit.told('callsFailed');
      expect(failed?.runIds).toEqual([kit.store.storedByWorkflowId('p').record.runId]);
      await kit.engine.resumeCalls(failed?.runIds ?? []);
      await kit.settled();
      expect(childEvents(kit)).toEqual(CHILD_EVENTS);
    });

    it('given a crash before the child was started, when recovery asks again, then it is started once', async () => {
      const kit = kitOf();
      kit.beforeSend = () => new Promise(() => undefined);
      await kit.start('parent', 'p');
      await kit.restart();
      kit.beforeSend = undefined;
      await kit.engine.resumeCalls(kit.store.runIdsWithOpenCalls());
      await kit.engine.resumeCalls(kit.store.runIdsWithOpenCalls());
      await kit.settled();
      expect(kit.store.runIdsOf('c').length).toBe(1);
      expect(childEvents(kit)).toEqual(CHILD_EVENTS);
    });

    it('given a crash after the child was started and before its parent knows, when recovery asks again, then the parent learns of that very run', async () => {
      const kit = kitOf();
      const { engine } = kit;
      kit.beforeSend = async (calls) => {
        await engine.receive(calls);
        await new Promise(() => undefined);
      };
      await kit.start('parent', 'p');
      await new Promise((resolve) => setImmediate(resolve));
      expect(kit.store.runIdsOf('c').length).toBe(1);
      expect(childEvents(kit)).toEqual(CHILD_EVENTS.slice(0, 1));
      await kit.restart();
      kit.beforeSend = undefined;
      await kit.engine.resumeCalls(kit.store.runIdsWithOpenCalls());
      await kit.settled();
      expect(kit.store.runIdsOf('c').length).toBe(1);
      await kit.complete('work', 1);
      expect((await kit.describe('p')).result).toMatchObject({ startedRunId: kit.store.storedByWorkflowId('c').record.runId, end: { result: 1 } });
    });

    it('given a crash before the parent is told that its child has closed, when recovery asks the parent, then it finds out', async () => {
      const kit = kitOf();
      await kit.start('parent', 'p');
      await kit.settled();
      kit.beforeSend = () => {
        throw new Error('unreachable');
      };
      await kit.complete('work', 7);
      expect((await kit.describe('p')).status).toBe('RUNNING');
      await kit.restart();
      kit.beforeSend = undefined;
      const { runId } = kit.store.storedByWorkflowId('p').record;
      await kit.engine.redispatch([runId]);
      await kit.settled();
      expect((await kit.describe('p')).result).toMatchObject({ end: { result: 7 } });
      // The child still owes its word; said again it changes nothing.
      const before = kit.history('p').length;
      await kit.engine.resumeCalls(kit.store.runIdsWithOpenCalls());
      await kit.settled();
      expect(kit.history('p').length).toBe(before);
      expect(kit.store.runIdsWithOpenCalls()).toEqual([]);
    });
  });
});
