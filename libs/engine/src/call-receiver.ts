import { OverloadedError, StoreUnavailableError, WorkflowNotFoundError, type HistoryEventAttributes, type StartWorkflowRequest, type WorkflowExecution } from '@backstitch/protocol';
import { isServed } from './batch/advance-runs.js';
import { decideStart } from './batch/start-policy.js';
import type { RunMessage, StartMessage, StartOutcome, Unsent } from './messages/run-message.js';
import type { HistoryStore, RunRecord, StoredRun } from './ports/history-store.js';
import type { ChildClosing, RunCall, RunCallAnswer } from './ports/run-messenger.js';
import type { Sandbox } from './ports/sandbox.js';
import { closingOf } from './run/children.js';
import { runStateOf, type RunState } from './run/run-state.js';

/** What the receiver needs of the engine. */
export interface CallReceiverPorts {
  store: HistoryStore;
  sandbox: Pick<Sandbox, 'workflowTypes'>;
  send<T>(runId: string, message: Unsent<RunMessage>): Promise<T>;
  startRun(runId: string, message: Omit<StartMessage, 'type' | 'reply'>): Promise<StartOutcome>;
  currentRunId(workflowId: string): Promise<string | undefined>;
  /** Of the code that the sandbox has, where builds have ids. */
  buildId: string | undefined;
}

const NOT_FOUND: RunCallAnswer = { status: 'failed', cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' };
const DONE: RunCallAnswer = { status: 'done' };
/** How often a start looks again at who has the workflow id. */
const STARTS_MAX = 5;

/** Answers calls of other runs. Each may come more than once. */
export class CallReceiver {
  constructor(readonly ports: CallReceiverPorts) {}

  async receive(call: RunCall): Promise<RunCallAnswer> {
    switch (call.type) {
      case 'startChild':
        return this.#startChild(call);
      case 'signal': {
        const { workflowId, signalName, args, headers, sender, initiatedEventId } = call;
        return this.#deliver(call, { type: 'signal', workflowId, signalName, args, headers, origin: { sender, initiatedEventId } });
      }
      case 'cancel': {
        const { workflowId, reason, sender, initiatedEventId } = call;
        return this.#deliver(call, { type: 'cancel', workflowId, reason, origin: { sender, initiatedEventId } });
      }
      case 'terminate':
        await this.#deliver(call, { type: 'terminate', workflowId: call.workflowId, reason: call.reason, identity: 'backstitch', rollback: call.rollback });
        return DONE;
      case 'askChild':
        return this.#askChild(call);
      case 'childClosed':
        return this.#childClosed(call);
      default: {
        const never: never = call;
        return never;
      }
    }
  }

  async #startChild(call: Extract<RunCall, { type: 'startChild' }>): Promise<RunCallAnswer> {
    const { runId, workflowType, options, pinnedBuildId } = call;
    // What another build's code has cannot be told here.
    if ((pinnedBuildId === undefined || pinnedBuildId === this.ports.buildId) && !isServed(this.ports.sandbox, workflowType)) {
      return { status: 'failed', cause: 'WORKFLOW_TYPE_UNKNOWN' };
    }
    const request = childRequest(call);
    const childOf = { parentWorkflowExecution: call.sender, parentInitiatedEventId: call.initiatedEventId, rootWorkflowExecution: call.root, ...(pinnedBuildId === undefined ? {} : { buildId: pinnedBuildId }) };
    let replacesRunId: string | undefined;
    for (let round = 0; round < STARTS_MAX; round += 1) {
      const outcome = await this.ports.startRun(runId, { request, requestFingerprint: runId, childOf, ...(replacesRunId === undefined ? {} : { replacesRunId }) });
      if (outcome.status === 'started' || outcome.existing.runId === runId || (await this.ports.store.load([runId])).length > 0) {
        return { status: 'done', runId };
      }
      if (decideStart({ ...request, workflowIdReusePolicy: options.workflowIdReusePolicy }, runId, outcome.existing) !== 'replace') {
        return { status: 'failed', cause: 'WORKFLOW_ALREADY_EXISTS' };
      }
      replacesRunId = outcome.existing.runId;
    }
    throw new OverloadedError(1_000);
  }

  /** A call that names no run, or is for a child, is for the newest run; one that misses it because another took its place is tried again. */
  async #deliver(call: Extract<RunCall, { type: 'signal' | 'cancel' | 'terminate' }>, message: Unsent<RunMessage>): Promise<RunCallAnswer> {
    const { workflowId, childWorkflowOnly } = call;
    const named = childWorkflowOnly === true ? undefined : call.runId;
    let tried: string | undefined;
    for (let round = 0; round < STARTS_MAX; round += 1) {
      const runId: string | undefined = named ?? (await this.ports.currentRunId(workflowId));
      if (runId === undefined || runId === tried || (childWorkflowOnly === true && !(await this.#isChildOf(runId, call.sender)))) {
        return NOT_FOUND;
      }
      try {
        await this.ports.send<unknown>(runId, message);
        return { status: 'done', runId };
      } catch (error) {
        if (error instanceof StoreUnavailableError || error instanceof OverloadedError) {
          throw error;
        }
        if (named !== undefined || error instanceof WorkflowNotFoundError) {
          return NOT_FOUND;
        }
        tried = runId;
      }
    }
    return NOT_FOUND;
  }

  async #isChildOf(runId: string, { workflowId }: WorkflowExecution): Promise<boolean> {
    return startedOf(await this.#load(runId))?.parentWorkflowExecution?.workflowId === workflowId;
  }

  async #childClosed({ workflowId, runId, initiatedEventId, sender, closing }: Extract<RunCall, { type: 'childClosed' }>): Promise<RunCallAnswer> {
    const message: Unsent<RunMessage> = { type: 'childClosed', initiatedEventId, execution: sender, closing };
    if (!(await this.ports.send<boolean>(runId, message))) {
      // The parent was reset: the run that took its place waits for the child.
      const current = await this.ports.currentRunId(workflowId);
      if (current !== undefined && current !== runId && (await this.#goesOnFrom(current, runId))) {
        await this.ports.send<boolean>(current, message);
      }
    }
    return DONE;
  }

  /** Whether a run was made of another one by a reset. */
  async #goesOnFrom(runId: string, baseRunId: string): Promise<boolean> {
    const stored = await this.#load(runId);
    return stored?.events.some((event) => event.eventType === 'WORKFLOW_TASK_FAILED' && event.attributes.baseRunId === baseRunId) === true;
  }

  async #askChild({ workflowId, runId, sender, initiatedEventId }: Extract<RunCall, { type: 'askChild' }>): Promise<RunCallAnswer> {
    const [current] = await this.ports.store.findByWorkflowIds([workflowId]);
    if (current !== undefined && current.runId !== runId) {
      // A later run of the child's chain tells; of another run with the same id nothing can be learned.
      const started = startedOf(await this.#load(current.runId));
      if (started?.parentWorkflowExecution?.workflowId === sender.workflowId && started.parentInitiatedEventId === initiatedEventId) {
        return answerOf(current, await this.#load(current.runId));
      }
    }
    const stored = await this.#load(runId);
    return stored === undefined ? NOT_FOUND : answerOf(stored.record, stored);
  }

  async #load(runId: string): Promise<StoredRun | undefined> {
    return (await this.ports.store.load([runId]))[0];
  }
}

function answerOf({ workflowId, runId }: RunRecord, stored: StoredRun | undefined): RunCallAnswer {
  const state: RunState | undefined = stored === undefined ? undefined : runStateOf(stored);
  const closing: ChildClosing | undefined = state === undefined ? { status: 'TERMINATED' } : closingOf(state);
  return closing === undefined || state?.extras?.continuedToRunId !== undefined ? { status: 'open' } : { status: 'closed', execution: { workflowId, runId }, closing };
}

function startedOf(stored: StoredRun | undefined): HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'] | undefined {
  const first = stored?.events[0];
  return first?.eventType === 'WORKFLOW_EXECUTION_STARTED' ? first.attributes : undefined;
}

function childRequest({ workflowId, workflowType, args, options, headers, traceparent }: Extract<RunCall, { type: 'startChild' }>): StartWorkflowRequest {
  const { parentClosePolicy: _policy, cancellationType: _type, ...kept } = options;
  return { workflowId, workflowType, args, ...kept, ...(headers === undefined ? {} : { headers }), ...(traceparent === undefined ? {} : { traceparent }) };
}
