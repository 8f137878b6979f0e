import { readFile } from 'node:fs/promises';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { warmUpUntil } from './warm-up-until.js';
import { configuredBundle, type BundleOptions, type WorkerOptions } from './worker-options.js';

/** A bundle for `Worker.create({ workflowBundle })`. Temporal's name for it. */
export class WorkflowBundleWithSourceMap {
  constructor(readonly bundle: WorkflowBundle) {}

  /** All of it as text, to be kept in a file: `Worker.create({ workflowBundle: { codePath } })`, or `{ code }`. */
  get code(): string {
    return JSON.stringify(this.bundle);
  }

  get sourceMap(): string {
    return this.bundle.sourceMap;
  }
}

/** Bundles workflow code once for many workers. While the first bundle is made, what tests of this process run later is compiled: see {@link warmUpUntil}. */
export async function bundleWorkflowCode(options: BundleOptions): Promise<WorkflowBundleWithSourceMap> {
  const { workflowsPath, workflowInterceptorModules, payloadConverterPath, ignoreModules } = configuredBundle(options);
  const bundling = bundleWorkflows({ workflowsPath, workflowInterceptorModules, payloadConverterPath, ignoreModules });
  await warmUpUntil(bundling);
  return new WorkflowBundleWithSourceMap(await bundling);
}

/** The code that a worker's options name; undefined: none. @throws WorkflowBundleError */
export async function bundleOf({ workflowsPath, workflowBundle, interceptors, bundlerOptions, dataConverter, plugins }: WorkerOptions): Promise<WorkflowBundle | undefined> {
  if (workflowBundle !== undefined) {
    return unpacked(workflowBundle);
  }
  if (workflowsPath === undefined) {
    return undefined;
  }
  const made = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: interceptors?.workflowModules,
    payloadConverterPath: dataConverter?.payloadConverterPath,
    ignoreModules: bundlerOptions?.ignoreModules,
    plugins,
  });
  return made.bundle;
}

async function unpacked(given: NonNullable<WorkerOptions['workflowBundle']>): Promise<WorkflowBundle> {
  if ('bundle' in given) return given.bundle;
  if ('bundleVersion' in given) return given;
  return JSON.parse('codePath' in given ? await readFile(given.codePath, 'utf8') : given.code) as WorkflowBundle;
}
