import { dirname, resolve } from 'node:path';
import * as authoring from '@backstitch/workflow';
import type { Plugin } from 'esbuild';
import { buildSandboxRuntime } from './build-sandbox-runtime.js';
import { WorkflowBundleError } from './bundle-error.js';
import { ASYNC_PARAMETER, compileFactory } from './compile-factory.js';
import { FORBIDDEN_PACKAGES } from './forbidden-imports.js';
import { Isolate } from './isolate.js';
import { BUNDLE_VERSION, type WorkflowBundle } from './workflow-bundle.js';

/** What to bundle. */
export interface BundleWorkflowsOptions {
  /** The module that exports the workflow functions. */
  workflowsPath: string;
  /**
   * Modules, by the name they are imported by, that all runs of a thread share: evaluated once instead of once per run. For large pure libraries;
   * whatever state such a module keeps is shared too. Default none.
   */
  sharedModules?: readonly string[];
  /** Packages that workflow code must not import, besides those that are always forbidden. A trailing `*` stands for any rest. */
  forbiddenPackages?: readonly string[];
}

/** All modules are evaluated once, at build time. */
const EVALUATION = { timeoutMs: 10_000, handleRejections: true };

/** Names that workflow code may import the authoring API by; files written for Temporal run unchanged. */
const AUTHORING_MODULES = /^(@backstitch\/workflow|@temporalio\/workflow)$/;

/**
 * Bundles workflow code and all that is needed to run it.
 * @throws WorkflowBundleError when code imports what it must not (the message names the chain of imports), does not compile, or cannot be evaluated
 */
export async function bundleWorkflows(options: BundleWorkflowsOptions): Promise<WorkflowBundle> {
  const workflowsPath = resolve(options.workflowsPath);
  const directory = dirname(workflowsPath);
  const forbiddenPackages = [...FORBIDDEN_PACKAGES, ...(options.forbiddenPackages ?? [])];
  const sharedModules = options.sharedModules ?? [];
  const { runtimeCode, workerCode } = await buildSandboxRuntime();

  let sharedCode = '';
  let sharedExports: string[][] = [];
  if (sharedModules.length > 0) {
    const entry = sharedModules.map((name, index) => `export * as m${index} from ${JSON.stringify(name)};`).join('\n');
    const plugins = [authoringPlugin('throw new Error("A shared module must not import the authoring API.");')];
    ({ code: sharedCode } = await compileFactory({ entry, directory, parameters: [ASYNC_PARAMETER, 'globalThis', '__backstitchEntrance'], forbiddenPackages, plugins }));
    sharedExports = evaluated(() => new Isolate({ runtimeCode, sharedCode, code: '', sourceMap: '' }, EVALUATION).sharedExports());
  }

  const { code, sourceMap } = await compileFactory({
    entry: `export * from ${JSON.stringify(workflowsPath)};`,
    directory,
    parameters: ['__backstitchApi', '__backstitchShared', ASYNC_PARAMETER, 'globalThis', '__backstitchEntrance'],
    forbiddenPackages,
    plugins: [authoringPlugin(reExports(Object.keys(authoring), (name) => `__backstitchApi(${name})`)), sharedPlugin(sharedModules, sharedExports)],
  });
  const isolate = evaluated(() => new Isolate({ runtimeCode, sharedCode, code, sourceMap }, EVALUATION));
  const workflowTypes = evaluated(() => isolate.workflowTypes());
  if (workflowTypes.length === 0) throw new WorkflowBundleError([`${options.workflowsPath} exports no function.`]);
  return { bundleVersion: BUNDLE_VERSION, code, sharedCode, runtimeCode, workerCode, sourceMap, workflowTypes };
}

/** In place of the authoring module: its names, from the run's own instance of it. */
function authoringPlugin(contents: string): Plugin {
  return {
    name: 'backstitch-authoring',
    setup(build) {
      build.onResolve({ filter: AUTHORING_MODULES }, () => ({ path: 'workflow', namespace: 'backstitch-authoring' }));
      build.onLoad({ filter: /.*/, namespace: 'backstitch-authoring' }, () => ({ contents, loader: 'js' }));
    },
  };
}

function sharedPlugin(names: readonly string[], exportsOf: readonly string[][]): Plugin {
  return {
    name: 'backstitch-shared-modules',
    setup(build) {
      const indexes = new Map(names.map((name, index) => [name, index]));
      if (indexes.size === 0) return;
      build.onResolve({ filter: /.*/ }, ({ path }) => (indexes.has(path) ? { path, namespace: 'backstitch-shared' } : undefined));
      build.onLoad({ filter: /.*/, namespace: 'backstitch-shared' }, ({ path }) => {
        const index = indexes.get(path) as number;
        return { contents: reExports(exportsOf[index] ?? [], (name) => `__backstitchShared(${index}, ${name})`), loader: 'js' };
      });
    },
  };
}

/** These calls have no effect, so that what nobody imports is left out. */
function reExports(names: readonly string[], from: (quotedName: string) => string): string {
  return names
    .map((name) => `export ${name === 'default' ? 'default' : `const ${name} =`} /* @__PURE__ */ ${from(JSON.stringify(name))};`)
    .join('\n');
}

function evaluated<Result>(evaluate: () => Result): Result {
  try {
    return evaluate();
  } catch (error) {
    // The error comes from another realm: take its text only.
    throw new WorkflowBundleError([`A module throws while it is evaluated: ${String((error as { stack?: unknown }).stack ?? error)}`]);
  }
}
