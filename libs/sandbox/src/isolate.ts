import { executionAsyncId } from 'node:async_hooks';
import vm from 'node:vm';
import type { Entrance } from './runtime/entrance.js';
import { endStoppedCallbacks } from './stopped-callbacks.js';
import { createStackMapper, WORKFLOWS_FILE } from './stack-mapper.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/** How a batch ended. */
export type BatchOutcome =
  | { status: 'completed'; resultsJson: string }
  /** It ran past the time limit; all its runs are forgotten. `culprit` is the run whose code was running, if that can be told. */
  | { status: 'timedOut'; culprit?: string };

export interface IsolateOptions {
  /** How long each run of user code may take: the code of one batch. */
  timeoutMs: number;
  /**
   * Whether rejections that workflow code has not awaited yet must be kept from the host's `unhandledRejection`, which ends most processes. Costs a
   * second promise for each one; a host that ignores the event itself says false.
   */
  handleRejections: boolean;
  /** Whether the caller of `activate` stops what takes too long, and then calls `abandonBatch`. Default false: each script has a time limit itself. */
  limitedByCaller?: boolean;
}

/** The name under which scripts find the entrance. Workflow code sees a parameter of the same name, which is undefined. */
const ENTRANCE = '__backstitchEntrance';

/**
 * One node:vm context with frozen intrinsics, shared by many runs; each run has its own instance of every module. Not a security boundary: it keeps
 * honest code deterministic, it does not hold hostile code.
 */
export class Isolate {
  readonly timeoutMs: number;
  readonly #context: vm.Context;
  readonly #entrance: Entrance;
  readonly #applyScript = new vm.Script(`${ENTRANCE}.applyBatch()`, { filename: 'backstitch-apply.js' });
  readonly #settleScript = new vm.Script(`${ENTRANCE}.settle()`, { filename: 'backstitch-settle.js' });
  readonly #collectScript = new vm.Script(`${ENTRANCE}.collect()`, { filename: 'backstitch-collect.js' });
  readonly #mapStacks: (json: string) => string;
  readonly #scriptOptions: vm.RunningScriptOptions;
  #asyncId = 0;

  /** @throws Error when the bundle's modules cannot be evaluated */
  constructor(
    bundle: Pick<WorkflowBundle, 'code' | 'sharedCode' | 'runtimeCode' | 'sourceMap' | 'generatesCode'>,
    { timeoutMs, handleRejections, limitedByCaller = false }: IsolateOptions,
  ) {
    this.timeoutMs = timeoutMs;
    this.#scriptOptions = { displayErrors: false, ...(limitedByCaller ? {} : { timeout: timeoutMs }) };
    // DONT_CONTEXTIFY: only such a context's global object can be frozen.
    this.#context = vm.createContext(vm.constants.DONT_CONTEXTIFY as unknown as vm.Context, {
      name: 'backstitch workflows',
      codeGeneration: { strings: bundle.generatesCode === true, wasm: false },
      microtaskMode: 'afterEvaluate',
    });
    const unnamed = '[async function () {}, async function* () {}, async function* () {}.prototype]';
    this.#run(`const ${ENTRANCE} = (function () { 'use strict'; ${bundle.runtimeCode}\nreturn __backstitchRuntime.createEntrance(${unnamed}, ${handleRejections}, ${bundle.generatesCode === true}); })();`, 'backstitch-runtime.js');
    this.#entrance = this.#run(ENTRANCE, 'backstitch-entrance.js') as Entrance;
    if (bundle.sharedCode !== '') this.#run(`${ENTRANCE}.loadShared(${bundle.sharedCode})`, 'shared.js');
    if (bundle.code !== '') this.#run(`${ENTRANCE}.loadWorkflows(${bundle.code})`, WORKFLOWS_FILE);
    this.#mapStacks = createStackMapper(bundle.sourceMap);
  }

  workflowTypes(): string[] {
    return JSON.parse(this.#run(`${ENTRANCE}.workflowTypesJson()`, 'backstitch-types.js') as string) as string[];
  }

  pinnedTypes(): string[] {
    return JSON.parse(this.#run(`${ENTRANCE}.pinnedTypesJson()`, 'backstitch-types.js') as string) as string[];
  }

  sharedExports(): string[][] {
    return JSON.parse(this.#entrance.sharedExportsJson()) as string[][];
  }

  /** Applies a batch of activations, of which each run has one at most; given and answered as JSON: see BatchCodec. */
  activate(batchJson: string): BatchOutcome {
    this.#asyncId = executionAsyncId();
    this.#entrance.setBatch(batchJson);
    try {
      this.#timed(this.#applyScript);
      if (!this.#entrance.needsTimeLimit()) return this.#completed(this.#entrance.collect());
      // Each script has the time limit to itself; conditions that make each other true again and again must not have it for ever.
      const deadlineMs = performance.now() + this.timeoutMs;
      while (this.#timed(this.#settleScript) === true) if (performance.now() > deadlineMs) return this.abandonBatch();
      return this.#completed(this.#timed(this.#collectScript) as string);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return this.abandonBatch();
    }
  }

  /** After the batch under way was stopped: forgets its runs. */
  abandonBatch(): Extract<BatchOutcome, { status: 'timedOut' }> {
    endStoppedCallbacks(this.#asyncId);
    const culprit = this.#entrance.abandonBatch();
    return culprit === '' ? { status: 'timedOut' } : { status: 'timedOut', culprit };
  }

  evict(runIdsJson: string): void {
    this.#entrance.evict(runIdsJson);
  }

  #completed(resultsJson: string): BatchOutcome {
    return { status: 'completed', resultsJson: this.#mapStacks(resultsJson) };
  }

  #timed(script: vm.Script): unknown {
    return script.runInContext(this.#context, this.#scriptOptions);
  }

  #run(code: string, filename: string): unknown {
    return vm.runInContext(code, this.#context, { filename, displayErrors: false });
  }
}
