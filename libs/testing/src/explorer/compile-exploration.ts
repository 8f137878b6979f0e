import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** In Backstitch's own workspace its packages are sources; elsewhere they are built. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
/** This file's neighbour. */
const THREAD = fileURLToPath(new URL(IS_SOURCE ? './explorer-thread.ts' : './explorer-thread.js', import.meta.url));

/** A program for threads, until it is disposed of. */
export interface CompiledExploration {
  file: string;
  dispose: () => Promise<void>;
}

/** Makes a program of the module that defines an exploration, in JavaScript that a thread can run as it is. */
export async function compileExploration(definitionPath: string): Promise<CompiledExploration> {
  // Loaded here: who explores in one thread needs no bundler for it.
  const { build } = await import('esbuild');
  const directory = await mkdtemp(join(placeFor(definitionPath), '.backstitch-exploration-'));
  const file = join(directory, 'exploration.mjs');
  const dispose = async (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await build({
      stdin: {
        contents: `import definition from ${JSON.stringify(definitionPath)};\nimport { exploreShare } from ${JSON.stringify(THREAD)};\nawait exploreShare(definition);`,
        resolveDir: dirname(definitionPath),
        sourcefile: 'exploration.ts',
        loader: 'ts',
      },
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: IS_SOURCE ? ['@backstitch/source'] : [],
      sourcemap: 'inline',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      plugins: [packagesStayOutside, filesKeepTheirUrls],
    });
    return { file, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Where the packages that a module imports are found, and nobody else looks: the nearest `node_modules`. */
function placeFor(modulePath: string): string {
  for (let directory = dirname(modulePath), parent = dirname(directory); ; directory = parent, parent = dirname(directory)) {
    const modules = join(directory, 'node_modules');
    if (existsSync(modules)) {
      return modules;
    }
    if (parent === directory) {
      return dirname(modulePath);
    }
  }
}

/** Backstitch's own are compiled in: a definition and the thread's program must have the same ones. */
const packagesStayOutside: Plugin = {
  name: 'packages-stay-outside',
  setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, ({ path, kind }) => (kind === 'entry-point' || path.startsWith('@backstitch/') ? undefined : { path, external: true })),
};

/** Modules name other files by where they are themselves. */
const filesKeepTheirUrls: Plugin = {
  name: 'files-keep-their-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return text.includes('import.meta.url') ? { contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: path.endsWith('ts') ? 'ts' : 'js' } : undefined;
    }),
};
