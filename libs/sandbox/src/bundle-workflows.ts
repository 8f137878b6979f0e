import { dirname, isAbsolute, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { authoringPlugin, reExports } from './authoring-plugin.js';
import { buildSandboxRuntime, fileOfModule } from './build-sandbox-runtime.js';
import { WorkflowBundleError } from './bundle-error.js';
import { codeGenerationPlugin, FUNCTION_PARAMETER } from './code-generation-plugin.js';
import { ASYNC_PARAMETER, compileFactory, type CompiledFactory } from './compile-factory.js';
import { FORBIDDEN_PACKAGES } from './forbidden-imports.js';
import { Isolate } from './isolate.js';
import { FAILURE_TYPES_EXPORT, INTERCEPTORS_PREFIX, PAYLOAD_CONVERTER_EXPORT } from './runtime/bundle-exports.js';
import { telemetryPlugin } from './telemetry-plugin.js';
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
  /**
   * Modules that export interceptors of workflows as `interceptors`: a function that is called once a run. The first one stands outermost. What the
   * module of the workflows itself exports by that name comes last, without being named here.
   */
  workflowInterceptorModules?: readonly string[];
  /** Names of error classes that fail a workflow, like TemporalFailures, instead of its task; `Error` means all. Default none. */
  workflowFailureErrorTypes?: readonly string[];
  /**
   * A module that exports a `payloadConverter`: arguments, results and answers of all workflows pass through it. It must give the same always; each
   * run has its own instance, as of all its modules. Clients and services need the same one. Default: values are JSON.
   */
  payloadConverterPath?: string;
  /** Modules, by the name they are imported by, that are left out: importing them is allowed, using them throws. Default none. */
  ignoreModules?: readonly string[];
}

/** All modules are evaluated once, at build time. */
const EVALUATION = { timeoutMs: 10_000, handleRejections: true };

/**
 * Bundles workflow code and all that is needed to run it.
 * @throws WorkflowBundleError when code imports what it must not (the message names the chain of imports), does not compile, or cannot be evaluated
 */
export async function bundleWorkflows(options: BundleWorkflowsOptions): Promise<WorkflowBundle> {
  const workflowsPath = resolve(options.workflowsPath);
  const directory = dirname(workflowsPath);
  const forbiddenPackages = [...FORBIDDEN_PACKAGES, ...(options.forbiddenPackages ?? [])];
  const sharedModules = options.sharedModules ?? [];

  let sharedCode = '';
  let sharedGeneratesCode = false;
  let sharedExports: string[][] = [];
  if (sharedModules.length > 0) {
    const entry = sharedModules.map((name, index) => `export * as m${index} from ${JSON.stringify(name)};`).join('\n');
    const plugins = [codeGenerationPlugin(), authoringPlugin(() => 'throw new Error("A shared module must not import the authoring API.");')];
    ({ code: sharedCode, generatesCode: sharedGeneratesCode } = await compileFactory({ entry, directory, parameters: [ASYNC_PARAMETER, 'globalThis', FUNCTION_PARAMETER, '__backstitchEntrance'], forbiddenPackages, plugins }));
    const { runtimeCode } = await buildSandboxRuntime();
    sharedExports = evaluated(() => new Isolate({ runtimeCode, sharedCode, code: '', sourceMap: '', ...(sharedGeneratesCode && { generatesCode: true }) }, EVALUATION).sharedExports());
  }

  const compile = async (): Promise<CompiledFactory> =>
    compileFactory({
      entry: await entryOf(options, workflowsPath),
      directory,
      parameters: ['__backstitchApi', '__backstitchShared', ASYNC_PARAMETER, 'globalThis', FUNCTION_PARAMETER, '__backstitchEntrance'],
      forbiddenPackages,
      plugins: [
        ignoringPlugin(options.ignoreModules ?? []),
        replacingPlugin(),
        telemetryPlugin(),
        codeGenerationPlugin(),
        authoringPlugin((names) => reExports(names, (name) => `__backstitchApi(${name})`)),
        sharedPlugin(sharedModules, sharedExports),
      ],
    });
  const [{ runtimeCode, workerCode }, { code, sourceMap, generatesCode, problemsForNode }] = await Promise.all([buildSandboxRuntime(), compile()]);
  const generation = (generatesCode || sharedGeneratesCode) && ({ generatesCode: true } as const);
  const isolate = evaluated(() => new Isolate({ runtimeCode, sharedCode, code, sourceMap, ...generation }, EVALUATION), problemsForNode);
  const workflowTypes = evaluated(() => isolate.workflowTypes(), problemsForNode);
  if (workflowTypes.length === 0) throw new WorkflowBundleError([`${options.workflowsPath} exports no function.`]);
  const pinnedWorkflowTypes = evaluated(() => isolate.pinnedTypes(), problemsForNode);
  return { bundleVersion: BUNDLE_VERSION, code, sharedCode, runtimeCode, workerCode, sourceMap, workflowTypes, ...(pinnedWorkflowTypes.length > 0 && { pinnedWorkflowTypes }), ...generation };
}

/** The module that all is bundled from: what the workflows' module exports, and what goes with it. */
async function entryOf({ workflowInterceptorModules = [], workflowFailureErrorTypes = [], payloadConverterPath }: BundleWorkflowsOptions, workflowsPath: string): Promise<string> {
  const lines = [`export * from ${JSON.stringify(workflowsPath)};`];
  if (await hasDefaultExport(workflowsPath)) lines.push(`export { default } from ${JSON.stringify(workflowsPath)};`);
  workflowInterceptorModules.forEach((module, index) => {
    const path = isAbsolute(module) || !module.startsWith('.') ? module : resolve(module);
    lines.push(`export { interceptors as ${INTERCEPTORS_PREFIX}${index} } from ${JSON.stringify(path)};`);
  });
  if (payloadConverterPath !== undefined) lines.push(`export { payloadConverter as ${PAYLOAD_CONVERTER_EXPORT} } from ${JSON.stringify(resolve(payloadConverterPath))};`);
  if (workflowFailureErrorTypes.length > 0) lines.push(`export const ${FAILURE_TYPES_EXPORT} = ${JSON.stringify(workflowFailureErrorTypes)};`);
  return lines.join('\n');
}

/** `export *` leaves out a default export, so it must be known. A module that cannot be read is told of by the bundling that follows. */
async function hasDefaultExport(path: string): Promise<boolean> {
  const { build } = await import('esbuild');
  const result = await build({ entryPoints: [path], bundle: false, write: false, format: 'esm', metafile: true, outfile: 'workflows.js', logLevel: 'silent' }).catch(() => undefined);
  return Object.values(result?.metafile.outputs ?? {}).some((output) => output.exports.includes('default'));
}

/** In place of those of Node's modules that are harmless and often imported: replacements that know no host. */
function replacingPlugin(): Plugin {
  return {
    name: 'backstitch-node-replacements',
    setup(build) {
      build.onResolve({ filter: /^(node:)?(assert|util)(\/strict)?$/ }, ({ path }) => ({ path: fileOfModule(path.includes('assert') ? 'runtime/node-assert' : 'runtime/node-util') }));
    },
  };
}

/** In place of modules that are left out: whatever is taken from them throws when it is used. */
function ignoringPlugin(ignored: readonly string[]): Plugin {
  return {
    name: 'backstitch-ignored-modules',
    setup(build) {
      if (ignored.length === 0) return;
      const names = new Set(ignored);
      build.onResolve({ filter: /.*/ }, ({ path }) => (names.has(path) ? { path, namespace: 'backstitch-ignored' } : undefined));
      build.onLoad({ filter: /.*/, namespace: 'backstitch-ignored' }, ({ path }) => {
        const message = JSON.stringify(`The module ${path} is left out of workflow code: see ignoreModules.`);
        // CommonJS, so that any name can be imported from it; its own prototype, since the bundler takes names from there.
        const contents = `const left = new Proxy({}, {
          get(_, name) { if (typeof name === 'symbol' || name === '__esModule') return undefined; throw new Error(${message}); },
          getPrototypeOf: () => left,
        });
        module.exports = left;`;
        return { contents, loader: 'js' };
      });
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

/** @param problemsForNode why builds of packages for browsers were taken, which may be what fails */
function evaluated<Result>(evaluate: () => Result, problemsForNode: readonly string[] = []): Result {
  try {
    return evaluate();
  } catch (error) {
    // The error comes from another realm: take its text only.
    throw new WorkflowBundleError([`A module throws while it is evaluated: ${String((error as { stack?: unknown }).stack ?? error)}`, ...problemsForNode]);
  }
}
