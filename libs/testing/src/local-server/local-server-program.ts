import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LocalServerPackageMissingError } from './local-server-errors.js';

/** What is to be forked, and what it is told of the libraries that it finds. */
export interface LocalServerProgram {
  file: string;
  orchestratorUrl?: string;
  queuesUrl?: string;
  /** To be called when it has been loaded. */
  loaded(): void;
}

const ORCHESTRATOR = '@backstitch/orchestrator';
const QUEUES = '@backstitch/queues';

/** The program of the local server: this package's own with the orchestrator that is installed; in Backstitch's workspace, compiled from source. @throws LocalServerPackageMissingError */
export async function localServerProgram(): Promise<LocalServerProgram> {
  return import.meta.url.endsWith('.ts') ? compileFromSource() : installedProgram();
}

function installedProgram(): LocalServerProgram {
  const orchestrator = resolvePackage(ORCHESTRATOR, [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]);
  const queues = resolvePackage(QUEUES, [orchestrator]);
  return { file: fileURLToPath(new URL('main.js', import.meta.url)), orchestratorUrl: orchestrator, queuesUrl: queues, loaded: () => undefined };
}

/** The `file:` URL of a package, as it is found from one of these places. */
function resolvePackage(name: string, places: readonly string[]): string {
  let cause: unknown;
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place).resolve(name)).href;
    } catch (error) {
      cause = error;
    }
  }
  throw new LocalServerPackageMissingError(name, { cause });
}

/** One file with all of the workspace's libraries that it needs; packages stay outside. */
async function compileFromSource(): Promise<LocalServerProgram> {
  const { build } = await import('esbuild');
  const here = dirname(fileURLToPath(import.meta.url));
  // Where the packages are found that it imports.
  const modules = join(here, '../../../../node_modules');
  mkdirSync(modules, { recursive: true });
  const directory = mkdtempSync(join(modules, '.backstitch-local-server-'));
  const file = join(directory, 'main.mjs');
  await build({
    stdin: {
      contents: [
        `import * as orchestrator from ${JSON.stringify(ORCHESTRATOR)};`,
        `import * as queues from ${JSON.stringify(QUEUES)};`,
        `import { runLocalServer } from './run-local-server.ts';`,
        `await runLocalServer(async () => ({ orchestrator, queues }));`,
      ].join('\n'),
      resolveDir: here,
      loader: 'ts',
    },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@backstitch/source'],
    keepNames: true,
    sourcemap: 'inline',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    plugins: [
      {
        name: 'packages-stay-outside',
        setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ path, kind }) => (kind === 'entry-point' || path.startsWith('@backstitch/') ? undefined : { path, external: true })),
      },
    ],
  });
  return { file, loaded: () => rmSync(directory, { recursive: true, force: true }) };
}
