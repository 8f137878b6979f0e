import type { WorkflowSinkCall } from '@backstitch/protocol';
import type { Described } from './built-in-queries.js';
import type { CommandList } from './command-list.js';
import { HandlerExecutions } from './handler-executions.js';
import type { WorkflowInterceptors } from './interceptors.js';
import { Patches } from './patches.js';
import { PendingChildren } from './pending-children.js';
import { PendingExternalCalls } from './pending-external-calls.js';
import { UpdateDelivery } from './update-delivery.js';
import type { WorkflowRun } from './workflow-run.js';

/** What a run has beyond the ordinary. Each part is made when it is first used; most runs have none, and there are many suspended runs. */
export class RunFeatures {
  readonly #run: WorkflowRun;
  readonly #commands: CommandList;
  #children: PendingChildren | undefined;
  #externalCalls: PendingExternalCalls | undefined;
  #updates: UpdateDelivery | undefined;
  #executions: HandlerExecutions | undefined;
  #patches: Patches | undefined;
  #resolvedLater: (() => void)[] | undefined;
  #sinkCalls: WorkflowSinkCall[] | undefined;
  #lastTimeoutHandle = 0;
  /** Set when the run's modules are loaded; absent: the bundle has none. */
  interceptors: WorkflowInterceptors | undefined;
  /** Errors that fail the workflow though they are no TemporalFailure. */
  isFailure: ((error: unknown) => boolean) | undefined;
  currentDetails = '';
  /** Stacks of calls, by what pends: see `ActivationInfo.tracesCalls`. */
  stacks: WeakMap<object, string> | undefined;
  /** Numbers of callbacks that setTimeout has handed out: their scopes. */
  timeouts: Map<number, { cancel(): void }> | undefined;

  constructor(run: WorkflowRun, commands: CommandList) {
    this.#run = run;
    this.#commands = commands;
  }

  /** A number for a callback of setTimeout. */
  takeTimeoutHandle(): number {
    return ++this.#lastTimeoutHandle;
  }

  get children(): PendingChildren {
    return (this.#children ??= new PendingChildren(this.#commands, this.#run));
  }

  get externalCalls(): PendingExternalCalls {
    return (this.#externalCalls ??= new PendingExternalCalls(this.#commands, this.#run));
  }

  get updates(): UpdateDelivery {
    return (this.#updates ??= new UpdateDelivery(this.#run, this.#commands, (error) => this.#run.endWith(error)));
  }

  get executions(): HandlerExecutions {
    return (this.#executions ??= new HandlerExecutions());
  }

  get patches(): Patches {
    return (this.#patches ??= new Patches(this.#commands));
  }

  get areAllHandlersFinished(): boolean {
    return this.#executions?.areAllFinished ?? true;
  }

  /** Keeps what is to be resolved when all code of the activation has run. */
  resolveLater(resolve: () => void): void {
    (this.#resolvedLater ??= []).push(resolve);
  }

  get hasResolvedLater(): boolean {
    return this.#resolvedLater !== undefined;
  }

  /** Takes what was kept by {@link resolveLater}. */
  takeResolvedLater(): (() => void)[] {
    const taken = this.#resolvedLater ?? [];
    this.#resolvedLater = undefined;
    return taken;
  }

  addSinkCall(call: WorkflowSinkCall): void {
    (this.#sinkCalls ??= []).push(call);
  }

  /** The calls of sinks since the last time; undefined if there are none. */
  takeSinkCalls(): WorkflowSinkCall[] | undefined {
    const taken = this.#sinkCalls;
    this.#sinkCalls = undefined;
    return taken;
  }

  /** What has to be done when all code of the activation has run. @returns a warning, if the run has ended and left work undone */
  conclude(hasEndedWell: boolean): string | undefined {
    this.#updates?.rejectBuffered();
    return hasEndedWell ? this.#executions?.unfinishedWarning() : undefined;
  }

  get updateHandlers(): UpdateDelivery['handlers'] | undefined {
    return this.#updates?.handlers;
  }

  /** What is under way, for people. */
  describe(): Described[] {
    return [...(this.#children?.describe() ?? []), ...(this.#externalCalls?.describe() ?? [])];
  }
}
