import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { relative } from 'node:path';
import swc from '@swc/core';
import esbuild from 'esbuild';
import { packageNameOf, WORKSPACE } from './workspace.mjs';

const BUILTINS = new Set(builtinModules);
/** Packages that are imported for what they do to the world; every other unused import is dropped. */
const IMPORTED_FOR_EFFECT = new Set(['reflect-metadata']);

/**
 * Workspace source goes into the bundle, npm packages stay outside. TypeScript goes through swc first, since esbuild does not
 * write the decorator metadata that Nest's injection reads.
 *
 * @param {Set<string>} workspaceNames
 * @returns {import('esbuild').Plugin}
 */
function workspaceSource(workspaceNames) {
  return {
    name: 'workspace-source',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        if (kind === 'entry-point') return undefined;
        if (path.startsWith('node:') || BUILTINS.has(path)) return { path, external: true, sideEffects: false };
        const name = packageNameOf(path);
        if (workspaceNames.has(name)) return undefined;
        return { path, external: true, sideEffects: IMPORTED_FOR_EFFECT.has(name) };
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const { code } = await swc.transform(source, {
          filename: path,
          sourceFileName: path,
          configFile: false,
          swcrc: false,
          sourceMaps: 'inline',
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
            keepClassNames: true,
          },
          module: { type: 'es6' },
        });
        return { contents: code, loader: 'js' };
      });
    },
  };
}

/**
 * Bundles an app's entries to ESM for Node, with source maps beside.
 *
 * @param {object} options
 * @param {Record<string, string>} options.entries output name → source file
 * @param {string} options.outputDirectory
 * @param {Set<string>} options.workspaceNames npm names of the workspace's packages
 * @returns {Promise<{ importedPackages: Set<string>, inputs: string[], keptInputs: Set<string> }>} npm packages that the output imports; source files, relative to the workspace; those of which something is left
 */
export async function bundle({ entries, outputDirectory, workspaceNames }) {
  const { metafile } = await esbuild.build({
    absWorkingDir: WORKSPACE,
    entryPoints: entries,
    outdir: outputDirectory,
    bundle: true,
    splitting: Object.keys(entries).length > 1,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@backstitch/source'],
    sourcemap: 'linked',
    // Nothing is minified, so names stay as they are but where two of one bundle are the same. With keepNames each closure would be given its name anew
    // whenever it is made: over 1% of a service's time.
    keepNames: false,
    metafile: true,
    logLevel: 'warning',
    plugins: [workspaceSource(workspaceNames)],
  });
  const importedPackages = new Set();
  const keptInputs = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const { path, external } of output.imports) {
      if (external === true && !path.startsWith('node:') && !BUILTINS.has(path)) importedPackages.add(packageNameOf(path));
    }
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) keptInputs.add(path);
  }
  return { importedPackages, inputs: Object.keys(metafile.inputs).map((path) => relative(WORKSPACE, path.startsWith('/') ? path : `${WORKSPACE}/${path}`)), keptInputs };
}

/**
 * npm packages that source files name in an import, whether it survives in the bundle or not.
 * @param {string[]} files relative to the workspace
 * @returns {Promise<Set<string>>}
 */
export async function packagesNamedIn(files) {
  const named = new Set();
  for (const file of files) {
    const source = await readFile(`${WORKSPACE}/${file}`, 'utf8');
    for (const [, specifier] of source.matchAll(/(?:from|import|import\()\s*['"]([^'".][^'"]*)['"]/g)) {
      if (specifier !== undefined) named.add(packageNameOf(specifier));
    }
  }
  return named;
}
