import type { RunCall, RunCallAnswer, RunMessenger } from '@backstitch/engine';
import type { ChildWorkflowOptions, HistoryEvent, WorkflowExecution } from '@backstitch/protocol';
import type { TestFramework } from './test-framework.js';

/** A messenger to be judged, among runs that it can reach. */
export type RunMessengerMaker = () => Promise<{
  messenger: RunMessenger;
  /** A type of workflow that does nothing until it gets the signal `say`, and then completes with the signal's argument. */
  listener: string;
  /** Starts a listener. */
  start(workflowId: string): Promise<WorkflowExecution>;
  /** The history of that run. */
  history(execution: WorkflowExecution): Promise<HistoryEvent[]>;
  /** A messenger of the same kind whose store, or whose called runs' holder and store, cannot be reached. */
  unreachable(): Promise<RunMessenger>;
  dispose(): Promise<void>;
}>;

const CLOSED_MS_MAX = 10_000;

/** What every RunMessenger must do, as tests. Each test uses ids of its own. */
export function runMessengerConformance(framework: TestFramework, makeMessenger: RunMessengerMaker): void {
  const { describe, expect } = framework;
  type Made = Awaited<ReturnType<RunMessengerMaker>>;
  const it = (name: string, body: (made: Made) => Promise<void>): void =>
    framework.it(name, async () => {
      const made = await makeMessenger();
      try {
        await body(made);
      } finally {
        await made.dispose();
      }
    });
  const typesIn = async ({ history }: Made, execution: WorkflowExecution, eventType: HistoryEvent['eventType']): Promise<number> =>
    (await history(execution)).filter((event) => event.eventType === eventType).length;

  describe('as every messenger between runs', () => {
    it('given a run, when it is signalled, then the signal stands in its history when the answer comes; the same call again changes nothing', async (made) => {
      const called = await made.start(fresh());
      const call = signalOf(called.workflowId);
      for (let time = 0; time < 3; time += 1) {
        expect(await made.messenger.send([call])).toEqual([{ status: 'done', runId: called.runId }]);
        expect(await typesIn(made, called, 'WORKFLOW_EXECUTION_SIGNALED')).toEqual(1);
      }
      await made.messenger.send([{ ...call, initiatedEventId: call.initiatedEventId + 1 }]);
      expect(await typesIn(made, called, 'WORKFLOW_EXECUTION_SIGNALED')).toEqual(2);
    });

    it('given calls to several runs, some of which nobody knows, when they are sent together, then the answers come in the order of the calls', async (made) => {
      const [one, other] = [await made.start(fresh()), await made.start(fresh())];
      const nobody: RunCallAnswer = { status: 'failed', cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' };
      const calls = [signalOf(fresh()), signalOf(other.workflowId), signalOf(fresh()), signalOf(one.workflowId)];
      expect(await made.messenger.send(calls)).toEqual([nobody, { status: 'done', runId: other.runId }, nobody, { status: 'done', runId: one.runId }]);
      expect(await made.messenger.send([])).toEqual([]);
    });

    it('given a call that names a run, when another run has the workflow id, then it is not that one’s', async (made) => {
      const called = await made.start(fresh());
      const call = { ...signalOf(called.workflowId), runId: crypto.randomUUID() };
      expect(await made.messenger.send([call])).toEqual([{ status: 'failed', cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' }]);
      expect(await typesIn(made, called, 'WORKFLOW_EXECUTION_SIGNALED')).toEqual(0);
    });

    it('given a run, when it is asked to cancel, then that stands in its history once, however often it is asked', async (made) => {
      const called = await made.start(fresh());
      const call: RunCall = { type: 'cancel', ...origin(), workflowId: called.workflowId, reason: 'not wanted' };
      await made.messenger.send([call]);
      expect(await typesIn(made, called, 'WORKFLOW_EXECUTION_CANCEL_REQUESTED')).toEqual(1);
      await made.messenger.send([call]);
      expect(await typesIn(made, called, 'WORKFLOW_EXECUTION_CANCEL_REQUESTED')).toEqual(1);
    });

    it('given a child to be started, when the call comes twice, then there is one run, with the run id that the call gave, and it knows its parent', async (made) => {
      const call = startOf(made.listener);
      const child = { workflowId: call.workflowId, runId: call.runId };
      for (let time = 0; time < 2; time += 1) {
        expect(await made.messenger.send([call])).toEqual([{ status: 'done', runId: call.runId }]);
      }
      const [first] = await made.history(child);
      expect(first?.eventType === 'WORKFLOW_EXECUTION_STARTED' && first.attributes.parentWorkflowExecution).toEqual(call.sender);
      expect(await typesIn(made, child, 'WORKFLOW_EXECUTION_STARTED')).toEqual(1);
    });

    it('given a child whose id is taken, or whose type nobody has, when it is to be started, then the answer says which', async (made) => {
      const taken = await made.start(fresh());
      const starts = [startOf(made.listener, { workflowId: taken.workflowId }), startOf('nobody has this workflow')];
      expect(await made.messenger.send(starts)).toEqual([
        { status: 'failed', cause: 'WORKFLOW_ALREADY_EXISTS' },
        { status: 'failed', cause: 'WORKFLOW_TYPE_UNKNOWN' },
      ]);
    });

    it('given a child, when its parent asks for it, then it is open until it has closed, and then the answer says how', async (made) => {
      const call = startOf(made.listener);
      const { sender, initiatedEventId, workflowId, runId } = call;
      const ask: RunCall = { type: 'askChild', sender, initiatedEventId, workflowId, runId };
      await made.messenger.send([call]);
      expect(await made.messenger.send([ask])).toEqual([{ status: 'open' }]);
      await made.messenger.send([{ ...signalOf(workflowId, 'say', 'heard'), sender }]);
      await closed(made, { workflowId, runId });
      expect(await made.messenger.send([ask])).toEqual([{ status: 'closed', execution: { workflowId, runId }, closing: { status: 'COMPLETED', result: 'heard' } }]);
      expect(await made.messenger.send([{ ...ask, workflowId: fresh(), runId: crypto.randomUUID() }])).toEqual([{ status: 'failed', cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' }]);
    });

    it('given a run that is no child of the caller, when only a child is meant, then it is left alone', async (made) => {
      const stranger = await made.start(fresh());
      const calls: RunCall[] = [
        { ...signalOf(stranger.workflowId), childWorkflowOnly: true },
        { type: 'terminate', ...origin(), workflowId: stranger.workflowId, reason: 'its parent has closed', childWorkflowOnly: true },
      ];
      await made.messenger.send(calls);
      expect(await typesIn(made, stranger, 'WORKFLOW_EXECUTION_SIGNALED')).toEqual(0);
      expect(await typesIn(made, stranger, 'WORKFLOW_EXECUTION_TERMINATED')).toEqual(0);
    });

    it('given a parent that waits for no such child, when one tells it how it ended, then that is done and changes nothing', async (made) => {
      const parent = await made.start(fresh());
      const before = await made.history(parent);
      const told: RunCall = { type: 'childClosed', ...origin(), ...parent, closing: { status: 'COMPLETED', result: null } };
      expect((await made.messenger.send([told])).map(({ status }) => status)).toEqual(['done']);
      expect(await made.history(parent)).toEqual(before);
    });

    it('given a store that cannot be reached, when calls are sent, then they reject', async ({ unreachable }) => {
      const messenger = await unreachable();
      const outcome = await messenger.send([signalOf(fresh())]).then(
        () => 'answered',
        () => 'rejected',
      );
      expect(outcome).toEqual('rejected');
    });
  });

  async function closed(made: Made, execution: WorkflowExecution): Promise<void> {
    const giveUpAtMs = Date.now() + CLOSED_MS_MAX;
    while ((await typesIn(made, execution, 'WORKFLOW_EXECUTION_COMPLETED')) === 0) {
      if (Date.now() > giveUpAtMs) throw new Error('The child did not complete.');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function fresh(): string {
  return `conformance-${crypto.randomUUID()}`;
}

function origin(): { sender: WorkflowExecution; initiatedEventId: number } {
  return { sender: { workflowId: fresh(), runId: crypto.randomUUID() }, initiatedEventId: 5 };
}

function signalOf(workflowId: string, signalName = 'hello', ...args: string[]): Extract<RunCall, { type: 'signal' }> {
  return { type: 'signal', ...origin(), workflowId, signalName, args };
}

function startOf(workflowType: string, { workflowId = fresh() } = {}): Extract<RunCall, { type: 'startChild' }> {
  const { sender, initiatedEventId } = origin();
  const options: ChildWorkflowOptions = { taskQueue: 'default', parentClosePolicy: 'TERMINATE', cancellationType: 'WAIT_CANCELLATION_COMPLETED', workflowIdReusePolicy: 'ALLOW_DUPLICATE' };
  return { type: 'startChild', sender, initiatedEventId, workflowId, runId: crypto.randomUUID(), workflowType, args: [], options, root: sender };
}
