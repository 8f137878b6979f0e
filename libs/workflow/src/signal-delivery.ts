import type { ActivationJob } from '@backstitch/protocol';
import type { CancellationScope } from './cancellation-scope.js';
import { IllegalStateError } from './illegal-state-error.js';
import { chain } from './interceptor-chain.js';
import type { SignalInput } from './interceptors.js';
import type { DefaultMessageHandler, RegisteredHandler } from './message-handler.js';
import { headersFromJson } from '@backstitch/protocol/payloads';
import { runInScope } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

type SignalJob = Pick<Extract<ActivationJob, { type: 'signalWorkflow' }>, 'signalName' | 'args' | 'headers'>;

/** Signals that wait for a handler; more than this fail the workflow task. */
const BUFFERED_SIGNALS_MAX = 10_000;

/** Brings the signals of one run to their handlers; those without one wait, in order of arrival, until it is set. */
export class SignalDelivery {
  readonly #rootScope: CancellationScope;
  readonly #run: WorkflowRun;
  readonly #onHandlerError: (error: unknown) => void;
  readonly #handlers = new Map<string, RegisteredHandler>();
  #defaultHandler: DefaultMessageHandler | undefined;
  #buffered: SignalJob[] | undefined;

  /** @param onHandlerError called with what a handler throws or rejects with, never at once */
  constructor(run: WorkflowRun, onHandlerError: (error: unknown) => void) {
    this.#run = run;
    this.#rootScope = run.rootScope;
    this.#onHandlerError = onHandlerError;
  }

  get handlers(): ReadonlyMap<string, RegisteredHandler> {
    return this.#handlers;
  }

  /** Sets the handler and gives it what has waited for it; undefined removes it. */
  setHandler(name: string, handler: RegisteredHandler | undefined): void {
    if (handler === undefined) {
      this.#handlers.delete(name);
      return;
    }
    this.#handlers.set(name, handler);
    this.#deliverBuffered(({ signalName }) => signalName === name);
  }

  /** Sets what handles signals without a handler, and gives it those that wait; undefined removes it. */
  setDefaultHandler(handler: DefaultMessageHandler | undefined): void {
    this.#defaultHandler = handler;
    if (handler !== undefined) this.#deliverBuffered(() => true);
  }

  /** Calls the signal's handler, or keeps the signal for it. To be called in the root scope. @throws RangeError when too many wait */
  deliver(signal: SignalJob): void {
    const { signalName, args, headers } = signal;
    const handler = this.#handlers.get(signalName);
    if (handler === undefined && this.#defaultHandler === undefined) return this.#keep(signal);
    const executions = this.#run.executions;
    const execution = executions.begin({ kind: 'signal', name: signalName, warns: handler?.warns ?? true });
    const interceptors = this.#run.interceptors?.inbound;
    const execute = chain(interceptors, 'handleSignal', (input: SignalInput) => this.#call(input));
    execute({ signalName, args, headers: interceptors === undefined ? {} : headersFromJson(headers) })
      .catch(this.#onHandlerError)
      .finally(() => executions.end(execution));
  }

  async #call({ signalName, args }: SignalInput): Promise<void> {
    const handler = this.#handlers.get(signalName)?.handler;
    if (handler !== undefined) await handler(...args);
    else if (this.#defaultHandler !== undefined) await this.#defaultHandler(signalName, ...args);
    else throw new IllegalStateError(`There is no handler for signal "${signalName}".`);
  }

  #keep(signal: SignalJob): void {
    const buffered = (this.#buffered ??= []);
    if (buffered.length >= BUFFERED_SIGNALS_MAX) {
      throw new RangeError(`More than ${BUFFERED_SIGNALS_MAX} signals wait for a handler; the last one is "${signal.signalName}".`);
    }
    buffered.push(signal);
  }

  #deliverBuffered(fits: (signal: SignalJob) => boolean): void {
    const buffered = this.#buffered;
    if (buffered === undefined) return;
    this.#buffered = buffered.filter((signal) => !fits(signal));
    runInScope(this.#rootScope, () => buffered.filter(fits).forEach((signal) => this.deliver(signal)));
  }
}
