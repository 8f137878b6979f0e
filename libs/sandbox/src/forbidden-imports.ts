import { builtinModules } from 'node:module';
import type { Metafile, Plugin } from 'esbuild';

/** Packages that reach out of the sandbox: they have no place in workflow code. A trailing `*` stands for any rest. */
export const FORBIDDEN_PACKAGES: readonly string[] = [
  '@backstitch/activity', '@backstitch/client', '@backstitch/engine', '@backstitch/orchestrator', '@backstitch/queues', '@backstitch/sandbox',
  '@backstitch/service-kit', '@backstitch/testing', '@fastify/*', '@nestjs/*', '@temporalio/activity', '@temporalio/client', '@temporalio/worker',
  'axios', 'bullmq', 'fastify', 'ioredis', 'node-fetch', 'pg', 'pino', 'prom-client', 'stripe', 'typeorm', 'undici',
];

const MODULE_OF_NODE = 'a module of Node: workflow code sees no clock, network, files or environment';
const BUILT_INS: ReadonlySet<string> = new Set(builtinModules);

/** What the plugin found, for {@link describeForbiddenImports}. */
export interface ForbiddenImports {
  plugin: Plugin;
  /** Reason by path as it was imported. */
  found: Map<string, string>;
}

/** Marks a question that this plugin asks itself. */
const ASKED_AGAIN = Symbol('asked again');

/**
 * Marks imports of Node's own modules, forbidden packages and dynamic imports, so that all of them can be told at once.
 * @param takesReplacements whether what a package has in place of Node's modules, in its build for browsers, is taken
 */
export function forbiddenImports(forbiddenPackages: readonly string[], takesReplacements = false): ForbiddenImports {
  const found = new Map<string, string>();
  const plugin: Plugin = {
    name: 'backstitch-forbidden-imports',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === ASKED_AGAIN) return undefined;
        const reason = kind === 'dynamic-import' ? 'a dynamic import, which cannot be replayed' : reasonAgainst(path, forbiddenPackages);
        if (reason === undefined) return undefined;
        if (takesReplacements && reason === MODULE_OF_NODE && importer.includes('node_modules')) {
          const { errors } = await build.resolve(path, { kind, importer, resolveDir, pluginData: ASKED_AGAIN });
          if (errors.length === 0) return undefined;
        }
        found.set(path, reason);
        return { path, external: true };
      });
    },
  };
  return { plugin, found };
}

function reasonAgainst(path: string, forbiddenPackages: readonly string[]): string | undefined {
  const bare = path.startsWith('node:') ? path.slice('node:'.length) : path;
  if (path.startsWith('node:') || BUILT_INS.has(bare) || BUILT_INS.has(bare.split('/', 1)[0] as string)) {
    return MODULE_OF_NODE;
  }
  const matches = (pattern: string): boolean =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern || path.startsWith(`${pattern}/`);
  return forbiddenPackages.some(matches) ? 'a package that does not belong in workflow code' : undefined;
}

/** What is wrong with the imports of a build. */
export interface ForbiddenImportsFound {
  /** One sentence for each forbidden import, with the chain of files that leads to it. */
  problems: string[];
  /** Whether all of them are made by installed packages: they may have other builds that do without. */
  isOfPackagesAlone: boolean;
}

export function describeForbiddenImports(metafile: Metafile, found: ReadonlyMap<string, string>): ForbiddenImportsFound {
  const importers = new Map<string, string>();
  const problems: string[] = [];
  let isOfPackagesAlone = true;
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const imported of input.imports) if (!imported.external && !importers.has(imported.path)) importers.set(imported.path, file);
  }
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const imported of input.imports) {
      const reason = imported.external ? found.get(imported.path) : undefined;
      if (reason === undefined) continue;
      problems.push(`"${imported.path}" is ${reason}. It is imported by: ${chainTo(file, importers).join(' → ')} → ${imported.path}`);
      isOfPackagesAlone &&= file.includes('node_modules/');
    }
  }
  return { problems: [...new Set(problems)], isOfPackagesAlone };
}

/** From the entry down to `file`. The importers were found in order of the walk from the entry, so following them upwards ends there. */
function chainTo(file: string, importers: ReadonlyMap<string, string>): string[] {
  const chain = [file];
  for (let at = importers.get(file); at !== undefined && !chain.includes(at); at = importers.get(at)) chain.unshift(at);
  return chain.filter((name) => !name.startsWith('backstitch-entry:'));
}
