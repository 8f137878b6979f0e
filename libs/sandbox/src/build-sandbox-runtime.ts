import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withAsyncHelper } from './async-helper.js';
import { SANDBOX_COMPILATION, sandboxConditions } from './compile-factory.js';
import { sourceConditions } from './source-conditions.js';

/** The parts of a bundle that are the same for all workflows. */
export interface SandboxRuntime {
  /** What runs inside the sandbox's context before workflow code. */
  runtimeCode: string;
  /** The worker thread's program, as CommonJS. */
  workerCode: string;
}

let built: Promise<SandboxRuntime> | undefined;

/** Compiles the sandbox's runtime and its worker's program to text. Done once per process. */
export function buildSandboxRuntime(): Promise<SandboxRuntime> {
  built ??= compile();
  return built;
}

async function compile(): Promise<SandboxRuntime> {
  const { build } = await import('esbuild');
  const directory = codeDirectory();
  const [runtime, worker] = await Promise.all([
    build({
      ...SANDBOX_COMPILATION,
      conditions: sandboxConditions(),
      entryPoints: [entryIn(directory, 'runtime/main')],
      absWorkingDir: directory,
      format: 'iife',
      globalName: '__backstitchRuntime',
    }),
    build({
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      entryPoints: [entryIn(directory, 'worker/main')],
      absWorkingDir: directory,
      conditions: sourceConditions(),
      legalComments: 'none',
      logLevel: 'silent',
    }),
  ]);
  return { runtimeCode: withOwnHelper(runtime.outputFiles[0]?.text ?? ''), workerCode: worker.outputFiles[0]?.text ?? '' };
}

/** The runtime's own async functions run on its own helper; a definition further down does, since none runs before all is defined. */
function withOwnHelper(code: string): string {
  return code.includes('var runAsync = ') ? withAsyncHelper(code, '(...call) => runAsync(...call)') : code;
}

/** The file of a module of this library that workflow code gets in place of one of Node's. @param name e.g. `runtime/node-assert` */
export function fileOfModule(name: string): string {
  return entryIn(codeDirectory(), name);
}

/** Where this library's modules lie: beside this one, or, where this one was bundled into something else, in the installed package. */
function codeDirectory(): string {
  const beside = dirname(fileURLToPath(import.meta.url));
  if (existsEntry(beside)) return beside;
  const installed = dirname(createRequire(import.meta.url).resolve('@backstitch/sandbox/package.json'));
  for (const candidate of [join(installed, 'src'), join(installed, 'dist')]) if (existsEntry(candidate)) return candidate;
  throw new Error('The modules of @backstitch/sandbox cannot be found; bundling workflows needs the installed package.');
}

function existsEntry(directory: string): boolean {
  return existsSync(join(directory, 'runtime/main.ts')) || existsSync(join(directory, 'runtime/main.js'));
}

function entryIn(directory: string, name: string): string {
  const source = join(directory, `${name}.ts`);
  return existsSync(source) ? source : join(directory, `${name}.js`);
}
