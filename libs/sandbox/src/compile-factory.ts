import type { BuildOptions, Plugin } from 'esbuild';
import { ASSIGNABLE_GLOBAL_DEFINITIONS } from './assignable-globals.js';
import { CODE_GENERATORS } from './code-generation-plugin.js';
import { withAsyncHelper } from './async-helper.js';
import { WorkflowBundleError } from './bundle-error.js';
import { describeForbiddenImports, forbiddenImports, type ForbiddenImportsFound } from './forbidden-imports.js';
import { sourceConditions } from './source-conditions.js';

/** Parameter of factories: what runs their async functions. */
export const ASYNC_PARAMETER = '__backstitchAsync';

/** What is compiled to a factory, and how. */
export interface FactorySource {
  /** Source of the entry module; its imports resolve from `directory`. */
  entry: string;
  directory: string;
  /** The factory's parameters; {@link ASYNC_PARAMETER} must be one of them. */
  parameters: readonly string[];
  forbiddenPackages: readonly string[];
  plugins: readonly Plugin[];
}

/** Source of a function that evaluates the modules and returns the entry's exports, and its source map. */
export interface CompiledFactory {
  code: string;
  sourceMap: string;
  /** Whether a library is among the modules that makes functions of text while it runs. */
  generatesCode: boolean;
  /** Problems of what packages have for Node, where their builds for browsers were taken: whoever finds these wrong needs to know why. */
  problemsForNode?: readonly string[];
}

/** How packages are looked for. */
type Resolution = Pick<BuildOptions, 'conditions' | 'mainFields' | 'platform'>;

/**
 * How code for the sandbox is compiled: async functions become generators, so that each `await` goes through Promise.prototype.then and the
 * cancellation scope can follow it; nothing of the machine it is built on shows in the output.
 */
export const SANDBOX_COMPILATION = {
  bundle: true,
  write: false,
  platform: 'neutral',
  target: 'es2022',
  mainFields: ['module', 'main'],
  supported: { 'async-await': false, 'async-generator': false, 'for-await': false, 'dynamic-import': false },
  // Libraries ask for it where there is no environment to ask.
  define: { 'process.env.NODE_ENV': '"production"' },
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'silent',
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: true } },
} satisfies BuildOptions;

/** By which conditions of their packages modules are found, with SANDBOX_COMPILATION. */
export function sandboxConditions(): string[] {
  return [...sourceConditions(), 'import', 'module', 'default'];
}

/**
 * Where packages reach for Node, or have nothing for an environment without a name, all is compiled once more, with the builds that packages have for browsers: these
 * know no Node, and are what Temporal's bundler takes. What compiles without them never gets them.
 *
 * @throws WorkflowBundleError with every problem
 */
export async function compileFactory(source: FactorySource): Promise<CompiledFactory> {
  const compiled = await compile(source, { conditions: sandboxConditions() }).catch(uncompiled);
  if (!(compiled instanceof WorkflowBundleError) && compiled.problems.length === 0) return compiled;
  if (compiled instanceof WorkflowBundleError || compiled.isOfPackagesAlone) {
    const forBrowsers = await compile(source, { platform: 'browser', conditions: [...sandboxConditions(), 'browser'], mainFields: ['browser', ...SANDBOX_COMPILATION.mainFields] }).catch(() => undefined);
    if (forBrowsers?.problems.length === 0) return { ...forBrowsers, problemsForNode: compiled.problems };
  }
  throw compiled instanceof WorkflowBundleError ? compiled : new WorkflowBundleError(compiled.problems);
}

/** An error that other builds of packages may mend. */
function uncompiled(error: unknown): WorkflowBundleError {
  if (error instanceof WorkflowBundleError) return error;
  throw error;
}

async function compile(source: FactorySource, resolution: Resolution): Promise<CompiledFactory & ForbiddenImportsFound> {
  // Loaded here: where bundles are only run, no bundler need be installed.
  const { build } = await import('esbuild');
  const forbidden = forbiddenImports(source.forbiddenPackages, resolution.platform === 'browser');
  const result = await build({
    ...SANDBOX_COMPILATION,
    ...resolution,
    define: { ...SANDBOX_COMPILATION.define, ...ASSIGNABLE_GLOBAL_DEFINITIONS },
    stdin: { contents: source.entry, resolveDir: source.directory, sourcefile: 'backstitch-entry:workflows', loader: 'ts' },
    absWorkingDir: source.directory,
    // An ES module whose final export becomes the factory's return value: the cheapest form to call (measured).
    format: 'esm',
    banner: { js: `(function (${source.parameters.join(', ')}) { "use strict";` },
    sourcemap: 'external',
    sourcesContent: false,
    outfile: `${source.directory}/workflows.bundle.js`,
    metafile: true,
    plugins: [...source.plugins, forbidden.plugin],
  }).catch((error: unknown) => {
    throw new WorkflowBundleError(esbuildMessages(error));
  });
  const text = (suffix: string): string => result.outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? '';
  return {
    ...describeForbiddenImports(result.metafile, forbidden.found),
    code: withAsyncHelper(exportToReturn(text('.js')), ASYNC_PARAMETER),
    sourceMap: text('.js.map'),
    generatesCode: Object.keys(result.metafile.inputs).some((file) => CODE_GENERATORS.test(file)),
  };
}

/** Turns the one `export { a, b as c };` at the end of an ES module made by esbuild into `return { a, c: b }; })`. */
function exportToReturn(code: string): string {
  const start = code.lastIndexOf('\nexport {');
  if (start === -1) return `${code}\nreturn {}; })`;
  const end = code.indexOf('}', start);
  const properties = code
    .slice(start + '\nexport {'.length, end)
    .split(',')
    .map((specifier) => specifier.trim())
    .filter((specifier) => specifier !== '')
    .map((specifier) => {
      const [local, exported] = specifier.split(/\s+as\s+/) as [string, string | undefined];
      return exported === undefined ? local : `${exported}: ${local}`;
    });
  return `${code.slice(0, start)}\nreturn { ${properties.join(', ')} }; })`;
}

function esbuildMessages(error: unknown): string[] {
  const { errors } = error as { errors?: { text: string; location: { file: string; line: number; column: number } | null }[] };
  if (errors === undefined) return [error instanceof Error ? error.message : String(error)];
  return errors.map(({ text, location }) => (location === null ? text : `${location.file}:${location.line}:${location.column}: ${text}`));
}
