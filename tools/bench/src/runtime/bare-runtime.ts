import vm from 'node:vm';
import type { Sandbox } from '@backstitch/engine';
import type { Activation, ActivationResult, WorkflowCommand } from '@backstitch/protocol';

/**
 * What stands inside the context: the workflow as plain async functions, evaluated anew for each run, and an activity call that is a promise and a command.
 * No cancellation scopes, no other API, nothing frozen, one batch after another.
 */
const INSIDE = `
const runs = new Map();
let batch = [];
const factory = (api) => {
  const { step } = api.proxyActivities({ taskQueue: 'steps', startToCloseTimeout: '30 seconds' });
  async function threeSteps(order) {
    await step(order);
    await step(order);
    await step(order);
    return 'done';
  }
  return { threeSteps };
};
const start = (runId, workflowType, args) => {
  const run = { commands: [], pending: new Map(), seq: 0 };
  runs.set(runId, run);
  const schedule = (activityType, args, options) =>
    new Promise((resolve, reject) => {
      run.seq += 1;
      run.pending.set(run.seq, { resolve, reject });
      run.commands.push({ type: 'scheduleActivity', seq: run.seq, activityType, args, options });
    });
  const proxyActivities = (options) => new Proxy({}, { get: (_, activityType) => (...args) => schedule(activityType, args, options) });
  factory({ proxyActivities })[workflowType](...args).then(
    (result) => run.commands.push({ type: 'completeWorkflow', result }),
    (error) => run.commands.push({ type: 'failWorkflow', failure: { message: String(error) } }),
  );
};
globalThis.begin = (json) => {
  batch = JSON.parse(json);
};
globalThis.apply = () => {
  for (const [runId, jobs] of batch) {
    for (const job of jobs) {
      if (job.type === 'initializeWorkflow') start(runId, job.workflowType, job.args);
      else {
        const { pending } = runs.get(runId);
        pending.get(job.seq).resolve(job.resolution.result);
        pending.delete(job.seq);
      }
    }
  }
};
globalThis.collect = () => {
  const results = [];
  for (const [runId] of batch) {
    const run = runs.get(runId);
    results.push(run.commands);
    run.commands = [];
  }
  return JSON.stringify(results);
};
globalThis.evict = (json) => {
  for (const runId of JSON.parse(json)) runs.delete(runId);
};`;

interface Inside {
  begin(json: string): void;
  collect(): string;
  evict(json: string): void;
}

/** As the engine's sandbox has it. */
const TIMEOUT_MS = 1_000;

/**
 * The least that isolates workflow code, as the prototype was that the aims of the engine's sandbox come from: one node:vm context in this thread, in which each run
 * has its own instance of the workflow, only strings across the boundary, and a time limit around each batch. It can do nothing but a few activities in a row. What
 * the engine's sandbox costs is told beside what this costs in the same minutes, since the machine's speed is in both. Either has to pay for something that
 * the other has not: node:vm starts a thread for each time limit here, and the engine's sandbox goes to a thread and back.
 */
export class BareRuntime implements Sandbox {
  readonly workflowTypes: ReadonlySet<string> = new Set(['threeSteps']);
  readonly #context = vm.createContext({}, { microtaskMode: 'afterEvaluate', codeGeneration: { strings: false, wasm: false } });
  readonly #inside: Inside;
  readonly #apply = new vm.Script('apply()');

  constructor() {
    vm.runInContext(INSIDE, this.#context);
    this.#inside = this.#context as unknown as Inside;
  }

  activate(batch: readonly Activation[]): Promise<ActivationResult[]> {
    this.#inside.begin(JSON.stringify(batch.map(({ runId, jobs }) => [runId, jobs])));
    this.#apply.runInContext(this.#context, { timeout: TIMEOUT_MS });
    const results = JSON.parse(this.#inside.collect()) as WorkflowCommand[][];
    return Promise.resolve(results.map((commands, index) => ({ runId: (batch[index] as Activation).runId, status: 'completed', commands, logs: [], queryAnswers: [] })));
  }

  evict(runIds: readonly string[]): Promise<void> {
    this.#inside.evict(JSON.stringify(runIds));
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
