import { fileURLToPath } from 'node:url';
import type { WorkflowClient } from '@backstitch/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, TestWorkflowEnvironment, Worker, type LogEntry, type InMemoryWorkflowEnvironment, type TimeSkippingTestWorkflowEnvironmentOptions, type WorkflowBundleWithSourceMap } from '../src/workflow-harness/index.js';
import { libraryActivities, newLedger, type Ledger } from './library-activities.js';

/** The file of the specs' workflows. */
export function workflowsFile(name = 'index'): string {
  return fileURLToPath(new URL(`harness-workflows/${name}.ts`, import.meta.url));
}

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();

/** Each file is bundled once. */
export async function bundleOf(name = 'index'): Promise<WorkflowBundleWithSourceMap> {
  const known = bundles.get(name) ?? bundleWorkflowCode({ workflowsPath: workflowsFile(name) });
  bundles.set(name, known);
  return known;
}

export interface Library {
  environment: InMemoryWorkflowEnvironment;
  workflow: WorkflowClient;
  ledger: Ledger;
  /** Messages that were logged. */
  logged: string[];
  worker(name?: string): Promise<Worker>;
}

/** Each behaviour holds for a run that stays in memory, and for one that goes through replay before each workflow task. */
export const LIVES: [string, TimeSkippingTestWorkflowEnvironmentOptions][] = [
  ['that stays in memory', {}],
  ['that is replayed before each workflow task', { replaysAlways: true }],
];

export const TASK_QUEUE = 'library';

/** Does some work with a worker of the library running, in an environment that skips time. */
export async function inLibrary<Result>(work: (library: Library) => Promise<Result>, options: TimeSkippingTestWorkflowEnvironmentOptions = {}): Promise<Result> {
  const library = await openLibrary(options);
  try {
    return await (await library.worker()).runUntil(async () => work(library));
  } finally {
    await library.environment.teardown();
  }
}

/** An environment without a worker. Tear it down. */
export async function openLibrary(options: TimeSkippingTestWorkflowEnvironmentOptions = {}): Promise<Library> {
  const logged: string[] = [];
  Runtime.install({ logger: new DefaultLogger('TRACE', ({ message }: LogEntry) => void logged.push(message)) });
  const environment = await TestWorkflowEnvironment.createTimeSkipping(options);
  const ledger = newLedger();
  const worker = async (name?: string): Promise<Worker> =>
    Worker.create({ connection: environment.nativeConnection, taskQueue: TASK_QUEUE, workflowBundle: await bundleOf(name), activities: libraryActivities(ledger) });
  return { environment, workflow: environment.client.workflow, ledger, logged, worker };
}

/** Types of the events of a workflow's newest run. */
export function eventTypesOf({ environment }: Library, workflowId: string): string[] {
  return environment.store.storedByWorkflowId(workflowId).events.map(({ eventType }) => eventType);
}
