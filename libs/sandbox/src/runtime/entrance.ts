import { RUNTIME_VERSION, type JsonValue } from '@backstitch/protocol';
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
import { CONTINUE_AS_NEW_SUGGESTED, infoOf, IS_REPLAYING, isCompletion, isStart, jobsOf, type ActivationWire, type BatchWire } from '../activation-wire.js';
import { loadedWorkflow, PAYLOAD_CONVERTER_EXPORT, pinnedTypesOf, workflowTypesOf } from './bundle-exports.js';

/** The bundle's code as a function: called once per run, it gives the run's own instance of every module. */
export type WorkflowFactory = (api: ApiOfRun, shared: SharedOf, runAsync: RunAsync, globalThis: object, functionOfText: FunctionOfText) => Record<string, unknown>;
/** What async functions are compiled to. */
export type RunAsync = typeof runAsync;
/** Gives what a shared module exports. */
export type SharedOf = (module: number, name: string) => unknown;
/** The shared modules' code as a function: called once per context. */
export type SharedFactory = (runAsync: RunAsync, globalThis: object, functionOfText: FunctionOfText) => Record<string, Record<string, unknown>>;
/** What makes functions of text, for libraries that cannot do without; undefined: the bundle has none. */
export type FunctionOfText = FunctionConstructor | undefined;

/**
 * What the host calls. Only strings, numbers and booleans go through, so that no object of one side is ever in the other's hands.
 * One batch: setBatch, applyBatch, (settle as long as it answers true), collect. User code runs in applyBatch and settle, and in collect if there are
 * queries: these must be entered through a script with a time limit, and promises be drained after each.
 */
export class Entrance {
  #workflowFactory: WorkflowFactory | undefined;
  #sharedModules: readonly Record<string, unknown>[] = [];
  readonly #sharedOf: SharedOf = (module, name) => this.#sharedModules[module]?.[name];
  readonly #runs = new Map<string, WorkflowRun>();
  #batchJson = '[0,[]]';
  #batch: (WorkflowRun | undefined)[] = [];
  readonly #functionOfText: FunctionOfText;

  constructor(functionOfText: FunctionOfText) {
    this.#functionOfText = functionOfText;
  }

  // ---- loading

  loadShared(factory: SharedFactory): void {
    const modules = factory(runAsync, Object.create(globalThis) as object, this.#functionOfText);
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
    const batch = JSON.parse(this.#batchJson) as BatchWire;
    for (const activation of batch[1]) {
      const run = this.#runOf(activation, batch[0]);
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
    for (const [runId] of (JSON.parse(this.#batchJson) as BatchWire)[1]) this.#runs.delete(runId);
    this.#batch = [];
    return culprit;
  }

  #forget(runId: string): void {
    this.#runs.get(runId)?.forget();
    this.#runs.delete(runId);
  }

  #runOf(wire: ActivationWire, originMs: number): WorkflowRun | undefined {
    const runId = wire[0];
    const timestampMs = originMs + wire[1];
    const known = this.#runs.get(runId);
    if (!isStart(wire)) {
      const flags = wire[4];
      const searchAttributes = wire[5] === 0 ? {} : wire[5];
      known?.beginActivation(timestampMs, wire[2], wire[3], (flags & CONTINUE_AS_NEW_SUGGESTED) !== 0, searchAttributes, (flags & IS_REPLAYING) !== 0);
      return known;
    }
    const run = new WorkflowRun(runId, infoOf(wire, originMs), timestampMs, wire[9] === 0 ? 1 : wire[9]);
    // A run that is begun again.
    known?.forget();
    this.#runs.set(runId, run);
    return run;
  }

  #apply(run: WorkflowRun, wire: ActivationWire): void {
    try {
      if (isCompletion(wire) && run.completeActivity(wire[6], wire[7] as JsonValue)) return;
      run.applyAll(jobsOf(wire), this.#load);
    } catch (error) {
      run.break(error);
    }
  }

  readonly #load = (run: WorkflowRun, workflowType: string): LoadedWorkflow => loadedWorkflow(this.#instantiate(run), workflowType);

  #instantiate(run: WorkflowRun): Record<string, unknown> {
    if (this.#workflowFactory === undefined) throw new ReferenceError('No workflow code is loaded.');
    const exported = this.#workflowFactory(createWorkflowApi(run), this.#sharedOf, runAsync, Object.create(globalThis) as object, this.#functionOfText);
    const converter = exported[PAYLOAD_CONVERTER_EXPORT] as PayloadConverter | undefined;
    if (converter !== undefined) convertValues(run, converter);
    return exported;
  }
}
