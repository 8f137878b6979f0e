import { builtinModules } from 'node:module';
import type { Metafile, Plugin } from 'esbuild';

/** Packages that reach out of the sandbox: they have no place in workflow code. A trailing `*` stands for any rest. */
export const FORBIDDEN_PACKAGES: readonly string[] = [
  '@backstitch/activity', '@backstitch/client', '@backstitch/engine', '@backstitch/orchestrator', '@backstitch/queues', '@backstitch/sandbox',
  '@backstitch/service-kit', '@backstitch/testing', '@fastify/*', '@nestjs/*', '@temporalio/activity', '@temporalio/client', '@temporalio/worker',
  'axios', 'bullmq', 'fastify', 'ioredis', 'node-fetch', 'pg', 'pino', 'prom-client', 'stripe', 'typeorm', 'undici',
];

const BUILT_INS: ReadonlySet<string> = new Set(builtinModules);

/** What the plugin found, for {@link describeForbiddenImports}. */
export interface ForbiddenImports {
  plugin: Plugin;
  /** Reason by path as it was imported. */
  found: Map<string, string>;
}

/** Marks imports of Node's own modules, forbidden packages and dynamic imports, so that all of them can be told at once. */
export function forbiddenImports(forbiddenPackages: readonly string[]): ForbiddenImports {
  const found = new Map<string, string>();
  const plugin: Plugin = {
    name: 'backstitch-forbidden-imports',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, kind }) => {
        const reason = kind === 'dynamic-import' ? 'a dynamic import, which cannot be replayed' : reasonAgainst(path, forbiddenPackages);
        if (reason === undefined) return undefined;
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
    return 'a module of Node: workflow code sees no clock, network, files or environment';
  }
  const matches = (pattern: string): boolean =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern || path.startsWith(`${pattern}/`);
  return forbiddenPackages.some(matches) ? 'a package that does not belong in workflow code' : undefined;
}

/** One sentence for each forbidden import, with the chain of files that leads to it. */
export function describeForbiddenImports(metafile: Metafile, found: ReadonlyMap<string, string>): string[] {
  const importers = new Map<string, string>();
  const problems: string[] = [];
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const imported of input.imports) if (!imported.external && !importers.has(imported.path)) importers.set(imported.path, file);
  }
  for (const [file, input] of Object.entries(metafile.inputs)) {
    for (const imported of input.imports) {
      const reason = imported.external ? found.get(imported.path) : undefined;
      if (reason !== undefined) problems.push(`"${imported.path}" is ${reason}. It is imported by: ${chainTo(file, importers).join(' → ')} → ${imported.path}`);
    }
  }
  return [...new Set(problems)];
}

/** From the entry down to `file`. The importers were found in order of the walk from the entry, so following them upwards ends there. */
function chainTo(file: string, importers: ReadonlyMap<string, string>): string[] {
  const chain = [file];
  for (let at = importers.get(file); at !== undefined && !chain.includes(at); at = importers.get(at)) chain.unshift(at);
  return chain.filter((name) => !name.startsWith('backstitch-entry:'));
}
