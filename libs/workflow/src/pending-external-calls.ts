import type { ExternalTarget, Failure } from '@backstitch/protocol';
import type { Described } from './built-in-queries.js';
import { CancelListener } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import { CancelledFailure, failureToError } from '@backstitch/protocol/failures';
import { PendingBySeq } from './pending-by-seq.js';
import type { WorkflowRun } from './workflow-run.js';

/** A signal to another run, or a request that it be cancelled, that has not been answered. */
class PendingCall extends CancelListener {
  resolve!: () => void;
  reject!: (reason: unknown) => void;
  readonly promise: Promise<void>;

  constructor(
    readonly seq: number,
    readonly onCancelled: (call: PendingCall, reason: CancelledFailure) => void,
  ) {
    super();
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  override cancelled(reason: CancelledFailure): void {
    this.onCancelled(this, reason);
  }
}

/** What one run asks of others: signals and cancellations, counted apart. */
export class PendingExternalCalls {
  readonly #commands: CommandList;
  readonly #run: WorkflowRun;
  readonly #signals = new PendingBySeq<PendingCall>();
  readonly #cancellations = new PendingBySeq<PendingCall>();
  #lastSignalSeq = 0;
  #lastCancellationSeq = 0;

  constructor(commands: CommandList, run: WorkflowRun) {
    this.#commands = commands;
    this.#run = run;
  }

  takeSignalSeq(): number {
    return ++this.#lastSignalSeq;
  }

  /** Sends a signal; resolves when it stands in the other run's history. @param membersJson further members of the command, each with a comma before it */
  signal(scope: CancellationScope, seq: number, target: ExternalTarget, signalName: string, argsJson: string, membersJson: string): Promise<void> {
    if (scope.consideredCancelled) return scope.refuse();
    const head = `{"type":"signalExternalWorkflow","seq":${seq},"target":${JSON.stringify(target)},"signalName":${JSON.stringify(signalName)}`;
    this.#commands.push(`${head},"args":${argsJson}${membersJson}}`, 'signal', seq);
    const call = new PendingCall(seq, (cancelled, reason) => this.#giveUpSignal(cancelled, reason));
    this.#signals.add(call);
    scope.onCancel(call);
    return call.promise;
  }

  /** Asks that a run be cancelled; resolves when the request stands in its history. The caller's scope does not withdraw it. */
  cancel(workflowId: string, runId: string | undefined, resolve: () => void, reject: (reason: unknown) => void): void {
    const seq = ++this.#lastCancellationSeq;
    const runIdJson = runId === undefined ? '' : `,"runId":${JSON.stringify(runId)}`;
    this.#commands.push(`{"type":"requestCancelExternalWorkflow","seq":${seq},"workflowId":${JSON.stringify(workflowId)}${runIdJson}}`);
    this.#cancellations.add(Object.assign(new PendingCall(seq, () => undefined), { resolve, reject }));
  }

  /** @throws Error for a signal that was never sent */
  resolveSignal(seq: number, failure: Failure | undefined): void {
    if (seq > this.#lastSignalSeq) throw new Error(`External signal ${seq} was answered, but this code has sent only ${this.#lastSignalSeq}.`);
    settle(this.#signals.take(seq), failure);
  }

  /** @throws Error for a request that was never made */
  resolveCancellation(seq: number, failure: Failure | undefined): void {
    if (seq > this.#lastCancellationSeq) throw new Error(`External cancellation ${seq} was answered, but this code has requested only ${this.#lastCancellationSeq}.`);
    settle(this.#cancellations.take(seq), failure);
  }

  /** What is under way, for people. */
  describe(): Described[] {
    return [
      ...this.#signals.map((item) => ({ item, what: `signal ${item.seq} to another workflow` })),
      ...this.#cancellations.map((item) => ({ item, what: `cancellation ${item.seq} of another workflow` })),
    ];
  }

  #giveUpSignal(call: PendingCall, reason: CancelledFailure): void {
    if (this.#signals.get(call.seq) === undefined) return;
    if (!this.#commands.withdraw('signal', call.seq)) {
      this.#commands.push(`{"type":"cancelSignalExternalWorkflow","seq":${call.seq}}`);
      return;
    }
    this.#run.resolveLater(() => {
      if (this.#signals.take(call.seq) !== undefined) call.reject(new CancelledFailure('Signal was cancelled before being sent', [], reason));
    });
  }
}

function settle(call: PendingCall | undefined, failure: Failure | undefined): void {
  if (call === undefined) return;
  call.forgetCancel();
  if (failure === undefined) call.resolve();
  else call.reject(failureToError(failure));
}
