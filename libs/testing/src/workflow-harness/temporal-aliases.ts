import Module, { createRequire, register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What each of Temporal's packages is on Backstitch. `worker`, `testing` and `envconfig` are the test environment's. What lies in a package's `lib/` is the package, where it is not named itself. */
export const TEMPORAL_ALIASES: Readonly<Record<string, string>> = {
  '@temporalio/workflow': '@backstitch/workflow',
  '@temporalio/common': '@backstitch/workflow/common',
  '@temporalio/common/lib/protobufs': '@backstitch/workflow/common/protobufs',
  '@temporalio/activity': '@backstitch/activity',
  '@temporalio/client': '@backstitch/client',
  '@temporalio/worker': '@backstitch/testing/workflow-harness',
  '@temporalio/testing': '@backstitch/testing/workflow-harness',
  '@temporalio/envconfig': '@backstitch/testing/workflow-harness',
};

/** Resolves names in `import`, in the loader's own thread. */
const IMPORT_HOOK = `
let targets;
export function initialize(data) { targets = data; }
export function resolve(specifier, context, next) {
  const url = targets[specifier] ?? targets[specifier.replace(/\\/lib\\/.*$/, '')];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}`;

/**
 * From now on `import` and `require` of these names give those modules, wherever in this process they are called. For programs that are to run on
 * Backstitch with their imports of Temporal's packages unchanged: `node --import @backstitch/testing/temporal-aliases program.js` does it with
 * {@link TEMPORAL_ALIASES}. Types and bundlers need aliases of their own (`paths` in tsconfig.json, npm's `npm:` aliases).
 *
 * @param aliases name → package, file or `file:` URL
 */
export function registerTemporalAliases(aliases: Readonly<Record<string, string>> = TEMPORAL_ALIASES): void {
  const { resolve } = createRequire(import.meta.url);
  const targets = Object.fromEntries(
    Object.entries(aliases).map(([name, target]) => [name, target.startsWith('file:') ? target : pathToFileURL(resolve(target)).href]),
  );
  register(`data:text/javascript,${encodeURIComponent(IMPORT_HOOK)}`, { data: targets });
  const internals = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const resolveFilename = internals._resolveFilename;
  internals._resolveFilename = (request, ...rest) => {
    const target = targets[request] ?? targets[request.replace(/\/lib\/.*$/, '')];
    return target === undefined ? resolveFilename(request, ...rest) : fileURLToPath(target);
  };
}
