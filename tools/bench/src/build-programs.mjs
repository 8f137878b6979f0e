import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle, workspacePackages } from '@backstitch/build';

const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/backstitch/', import.meta.url));
const PROGRAMS = ['service', 'orchestrator', 'raw-service', 'load-generator'];

/**
 * Builds the bench's programs as the platform's apps are built, and the bundle of its workflow, into a directory of this run's own.
 * @returns {Promise<{ directory: string, program: (name: string) => string, workflowBundle: string }>}
 */
export async function buildPrograms() {
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'bench-'));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  const workspaceNames = new Set(workspacePackages().keys());
  // Each by itself, as an app is: with several entries the bundler would cut shared chunks.
  await Promise.all(
    PROGRAMS.map((name) => bundle({ entries: { [name]: join(SOURCE, 'programs', `${name}.ts`) }, outputDirectory: directory, workspaceNames })),
  );
  await bundle({ entries: { 'bundle-workflows': join(SOURCE, '../../../libs/sandbox/src/index.ts') }, outputDirectory: directory, workspaceNames });
  const { bundleWorkflows } = await import(pathToFileURL(join(directory, 'bundle-workflows.js')).href);
  const workflowBundle = join(directory, 'workflows.json');
  writeFileSync(workflowBundle, JSON.stringify(await bundleWorkflows({ workflowsPath: join(SOURCE, 'workflows/index.ts') })));
  return { directory, program: (name) => join(directory, `${name}.js`), workflowBundle };
}
