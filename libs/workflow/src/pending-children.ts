import type { ActivityResolution, ChildWorkflowCancellationType, ChildWorkflowStartResolution, Failure } from '@backstitch/protocol';
import type { Described } from './built-in-queries.js';
import { CancelListener } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import { ApplicationFailure, CancelledFailure, ChildWorkflowFailure, failureToError, WorkflowExecutionAlreadyStartedError } from '@backstitch/protocol/failures';
import { PendingBySeq } from './pending-by-seq.js';
import { unknownJob } from './unknown-job.js';
import type { WorkflowRun } from './workflow-run.js';

/** A child as its command has it; texts that begin with a comma are further members of the command. */
export interface ChildStart {
  seq: number;
  workflowId: string;
  workflowType: string;
  argsJson: string;
  optionsJson: string;
  cancellationType: ChildWorkflowCancellationType;
  membersJson: string;
}

/** States: start pending → started or failed → closed. */
class PendingChild extends CancelListener {
  resolveStart!: (runId: string) => void;
  rejectStart!: (reason: unknown) => void;
  resolve!: (result: unknown) => void;
  reject!: (reason: unknown) => void;
  runId: string | undefined;
  readonly started: Promise<string>;
  readonly closed: Promise<unknown>;

  constructor(
    readonly children: PendingChildren,
    readonly start: ChildStart,
  ) {
    super();
    this.started = new Promise((resolve, reject) => {
      this.resolveStart = resolve;
      this.rejectStart = reject;
    });
    this.closed = new Promise((resolve, reject) => {
      this.started.catch(reject);
      this.resolve = resolve;
      this.reject = reject;
    });
    // Nobody need await it.
    this.closed.catch(() => undefined);
  }

  get seq(): number {
    return this.start.seq;
  }

  override cancelled(reason: CancelledFailure): void {
    this.children.cancel(this, reason);
  }
}

/** The children of one run, from start to close. */
export class PendingChildren {
  readonly #commands: CommandList;
  readonly #run: WorkflowRun;
  readonly #pending = new PendingBySeq<PendingChild>();
  #lastSeq = 0;

  constructor(commands: CommandList, run: WorkflowRun) {
    this.#commands = commands;
    this.#run = run;
  }

  takeSeq(): number {
    return ++this.#lastSeq;
  }

  /** Starts a child in `scope`: a promise of its run id, and one of its result. */
  start(scope: CancellationScope, start: ChildStart): [Promise<string>, Promise<unknown>] {
    const child = new PendingChild(this, start);
    if (scope.consideredCancelled) {
      scope.onRequest(child.rejectStart);
      return [child.started, child.closed];
    }
    const { seq, workflowId, workflowType, argsJson, optionsJson, membersJson } = start;
    const head = `{"type":"startChildWorkflow","seq":${seq},"workflowId":${JSON.stringify(workflowId)},"workflowType":${JSON.stringify(workflowType)}`;
    this.#commands.push(`${head},"args":${argsJson},"options":${optionsJson}${membersJson}}`, 'child', seq);
    this.#pending.add(child);
    scope.onCancel(child);
    return [child.started, child.closed];
  }

  /** @throws Error for a child that was never started */
  resolveStart(seq: number, resolution: ChildWorkflowStartResolution): void {
    const child = this.#known(seq);
    if (child === undefined) return;
    switch (resolution.status) {
      case 'started':
        child.runId = resolution.runId;
        return child.resolveStart(resolution.runId);
      case 'failed':
        this.#forget(child);
        return child.rejectStart(startFailureOf(resolution));
      case 'canceled':
        this.#forget(child);
        return child.rejectStart(failureToError(resolution.failure));
      default:
        return unknownJob(resolution);
    }
  }

  /** @throws Error for a child that was never started */
  resolve(seq: number, resolution: ActivityResolution): void {
    const child = this.#known(seq);
    if (child === undefined) return;
    this.#forget(child);
    if (resolution.status === 'completed') return child.resolve(resolution.result);
    child.reject(failureToError(asChildFailure(resolution.failure, child)));
  }

  /** The scope of a child was cancelled. */
  cancel(child: PendingChild, reason: CancelledFailure): void {
    const { seq, start } = child;
    if (this.#pending.get(seq) === undefined) return;
    const withdrawn = this.#commands.withdraw('child', seq);
    if (!withdrawn && start.cancellationType !== 'ABANDON') this.#commands.push(`{"type":"cancelChildWorkflow","seq":${seq}}`);
    const isAwaited = start.cancellationType === 'WAIT_CANCELLATION_COMPLETED' || start.cancellationType === 'WAIT_CANCELLATION_REQUESTED';
    if (!withdrawn && isAwaited) return;
    this.#run.resolveLater(() => {
      if (this.#pending.take(seq) === undefined) return;
      const { workflowId, workflowType } = start;
      const error = new ChildWorkflowFailure('default', { workflowId, runId: child.runId }, workflowType, 'NON_RETRYABLE_FAILURE', reason);
      child.rejectStart(error);
      child.reject(error);
    });
  }

  /** What is under way, for people. */
  describe(): Described[] {
    return this.#pending.map((item) => ({ item, what: `child workflow ${item.seq} ${item.start.workflowType} (${item.start.workflowId})` }));
  }

  #known(seq: number): PendingChild | undefined {
    if (seq > this.#lastSeq) throw new Error(`Child ${seq} was resolved, but this code has started only ${this.#lastSeq}.`);
    // Undefined: cancelled meanwhile without waiting for it.
    return this.#pending.get(seq);
  }

  #forget(child: PendingChild): void {
    this.#pending.take(child.seq);
    child.forgetCancel();
  }
}

function startFailureOf({ cause, workflowId, workflowType }: Extract<ChildWorkflowStartResolution, { status: 'failed' }>): Error {
  switch (cause) {
    case 'WORKFLOW_ALREADY_EXISTS':
      return new WorkflowExecutionAlreadyStartedError('Workflow execution already started', workflowId, workflowType);
    case 'WORKFLOW_TYPE_UNKNOWN':
      return ApplicationFailure.nonRetryable(`There is no workflow type "${workflowType}".`, 'WorkflowTypeUnknown', { workflowId, workflowType });
    default:
      return unknownJob(cause);
  }
}

function asChildFailure(failure: Failure, { start, runId }: PendingChild): Failure {
  if (failure.childWorkflowExecutionFailureInfo !== undefined) return failure;
  const { workflowId, workflowType } = start;
  return {
    message: 'Child Workflow execution failed',
    source: 'Backstitch',
    cause: failure,
    childWorkflowExecutionFailureInfo: { workflowId, runId, workflowType, initiatedEventId: 0, startedEventId: 0, retryState: 'NON_RETRYABLE_FAILURE' },
  };
}
