import { RUNTIME_VERSION } from '@backstitch/protocol';
import {
  confirmRecurring,
  convertValues,
  createWorkflowApi,
  resetScope,
  runAsync,
  scopeOrUndefined,
  takeRecurringJson,
  withdrawRecurring,
  WorkflowRun,
  type ApiOfRun,
  type LoadedWorkflow,
  type PayloadConverter,
} from '@backstitch/workflow/internal';
import { CONTINUE_AS_NEW_SUGGESTED, INITIALIZE_WORKFLOW, IS_REPLAYING, jobOf, TRACES_CALLS, type ActivationWire, type JobWire } from '../batch-codec.js';
import { loadedWorkflow, PAYLOAD_CONVERTER_EXPORT, pinnedTypesOf, workflowTypesOf } from './bundle-exports.js';

/** The bundle's code as a function: called once per run, it gives the run's own instance of every module. */
export type WorkflowFactory = (api: ApiOfRun, shared: SharedOf, runAsync: RunAsync, globalThis: object) => Record<string, unknown>;
/** What async functions are compiled to. */
export type RunAsync = typeof runAsync;
/** Gives what a shared module exports. */
export type SharedOf = (module: number, name: string) => unknown;
/** The shared modules' code as a function: called once per context. */
export type SharedFactory = (runAsync: RunAsync, globalThis: object) => Record<string, Record<string, unknown>>;

/**
 * What the host calls. Only strings, numbers and booleans go through, so that no object of one side is ever in the other's hands.
 * One batch: setBatch, applyBatch, (settle as long as it answers true), collect. User code runs in applyBatch and settle, and in collect if there are
 * queries: these must be entered through a script with a time limit, and promises be drained after each.
 */
export class Entrance {
  #workflowFactory: WorkflowFactory | undefined;
  /** Whether it is known how the bundle's values are converted: the same for all runs. */
  #knowsConversion = false;
  #sharedModules: readonly Record<string, unknown>[] = [];
  readonly #sharedOf: SharedOf = (module, name) => this.#sharedModules[module]?.[name];
  readonly #runs = new Map<string, WorkflowRun>();
  #batchJson = '[]';
  #batch: (WorkflowRun | undefined)[] = [];

  // ---- loading

  loadShared(factory: SharedFactory): void {
    const modules = factory(runAsync, Object.create(globalThis) as object);
    this.#sharedModules = Object.keys(modules)
      .sort((left, right) => Number(left.slice(1)) - Number(right.slice(1)))
      .map((key) => modules[key] ?? {});
  }

  loadWorkflows(factory: WorkflowFactory): void {
    this.#workflowFactory = factory;
  }

  /** Names that the shared modules export, as JSON: one list a module. */
  sharedExportsJson(): string {
    return JSON.stringify(this.#sharedModules.map((module) => Object.keys(module)));
  }

  /** Names of the functions that the bundle exports, as JSON. Evaluates the modules once, in a run that is thrown away. */
  workflowTypesJson(): string {
    return this.#inspected(workflowTypesOf);
  }

  /** As {@link workflowTypesJson}, of those alone that are declared as pinned. */
  pinnedTypesJson(): string {
    return this.#inspected(pinnedTypesOf);
  }

  #inspected(look: (exported: Record<string, unknown>) => string[]): string {
    const info = { workflowId: '', runId: '', workflowType: '', taskQueue: '', startTimeMs: 0, historyLength: 0, historySizeBytes: 0 };
    const run = new WorkflowRun('', { ...info, continueAsNewSuggested: false, searchAttributes: {}, memo: {}, isReplaying: false }, 0, RUNTIME_VERSION);
    let types: string[] = [];
    run.inspect(() => {
      types = look(this.#instantiate(run));
    });
    return JSON.stringify(types);
  }

  // ---- one batch

  setBatch(batchJson: string): void {
    // Whoever gives the next batch has what came of the last one, or has abandoned it.
    confirmRecurring();
    this.#batchJson = batchJson;
  }

  applyBatch(): void {
    resetScope();
    this.#batch = [];
    for (const activation of JSON.parse(this.#batchJson) as ActivationWire[]) {
      const run = this.#runOf(activation);
      this.#batch.push(run);
      if (run !== undefined) this.#apply(run, activation);
    }
  }

  /** Whether settle (then collect) has user code to run. */
  needsTimeLimit(): boolean {
    return this.#batch.some((run) => run !== undefined && run.hasMoreToRun);
  }

  /** Resolves conditions that hold now, and then what had to wait; true: drain, and call again. */
  settle(): boolean {
    let settled = false;
    for (const run of this.#batch) if (run !== undefined && run.settle()) settled = true;
    return settled;
  }

  /** The results of the batch, as JSON: see BatchCodec. Runs whose task failed are forgotten. */
  collect(): string {
    let results = '';
    for (const run of this.#batch) {
      results += results === '' ? '' : ',';
      results += run === undefined ? '0' : run.collectJson();
      if (run?.isBroken === true) this.#forget(run.runId);
    }
    this.#batch = [];
    const recurring = takeRecurringJson();
    return `{"results":[${results}]${recurring === undefined ? '' : `,"recurring":${recurring}`}}`;
  }

  // ---- housekeeping

  evict(runIdsJson: string): void {
    for (const runId of JSON.parse(runIdsJson) as string[]) this.#forget(runId);
  }

  /** After a batch was stopped by force: the run whose code was running, or '' if that cannot be told; the batch's runs are known no more. */
  abandonBatch(): string {
    withdrawRecurring();
    const culprit = scopeOrUndefined()?.workflowRun.runId ?? '';
    resetScope();
    // What they were about to do may be in line still and is done with the next batch: it must find the run that it belongs to, which nobody hears any more.
    for (const [runId] of JSON.parse(this.#batchJson) as ActivationWire[]) this.#runs.delete(runId);
    this.#batch = [];
    return culprit;
  }

  #forget(runId: string): void {
    this.#runs.get(runId)?.forget();
    this.#runs.delete(runId);
  }

  #runOf([runId, timestampMs, historyLength, historySizeBytes, flags, attributes, jobs, start]: ActivationWire): WorkflowRun | undefined {
    const continueAsNewSuggested = (flags & CONTINUE_AS_NEW_SUGGESTED) !== 0;
    const searchAttributes = attributes === 0 ? {} : attributes;
    const isReplaying = (flags & IS_REPLAYING) !== 0;
    if (start === undefined) {
      const known = this.#runs.get(runId);
      known?.beginActivation(timestampMs, historyLength, historySizeBytes, continueAsNewSuggested, searchAttributes, isReplaying);
      return known;
    }
    const [workflowId, workflowType, taskQueue, startTimeMs, givenMemo, seldom] = start;
    const memo = givenMemo === 0 ? {} : givenMemo;
    const info = { workflowId, runId, workflowType, taskQueue, startTimeMs, memo, historyLength, historySizeBytes, continueAsNewSuggested, searchAttributes, isReplaying };
    const seldomInfo = (flags & TRACES_CALLS) === 0 ? seldom : { ...seldom, tracesCalls: true };
    const run = new WorkflowRun(runId, seldomInfo === undefined ? info : { ...info, ...seldomInfo }, timestampMs, runtimeVersionOf(jobs));
    // A run that is begun again.
    this.#runs.get(runId)?.forget();
    this.#runs.set(runId, run);
    return run;
  }

  #apply(run: WorkflowRun, [, , , , , , jobs]: ActivationWire): void {
    try {
      run.applyAll(jobs.map((job) => jobOf(job, run.info)), this.#load);
    } catch (error) {
      run.break(error);
    }
  }

  readonly #load = (run: WorkflowRun, workflowType: string): LoadedWorkflow => loadedWorkflow(this.#instantiate(run), workflowType);

  #instantiate(run: WorkflowRun): Record<string, unknown> {
    if (this.#workflowFactory === undefined) throw new ReferenceError('No workflow code is loaded.');
    const exported = this.#workflowFactory(createWorkflowApi(run), this.#sharedOf, runAsync, Object.create(globalThis) as object);
    if (!this.#knowsConversion) {
      this.#knowsConversion = true;
      convertValues(exported[PAYLOAD_CONVERTER_EXPORT] as PayloadConverter | undefined);
    }
    return exported;
  }
}

/** Of a run that starts with these jobs. */
function runtimeVersionOf([first]: readonly JobWire[]): number {
  return Array.isArray(first) && first[0] === INITIALIZE_WORKFLOW ? (first[4] ?? 1) : 1;
}
