/**
 * `node tools/build/src/build-app.mjs apps/inventory`: builds an app to a deployable folder, dist/apps/inventory: `main.js` and the other
 * entries of its project.json, a package.json with the npm packages that they import, a package-lock.json cut down to those, and the Dockerfile.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle, packagesNamedIn } from './bundle.mjs';
import { pruneLock } from './prune-lock.mjs';
import { readJson, WORKSPACE, workspacePackages } from './workspace.mjs';

const projectRoot = process.argv[2];
if (projectRoot === undefined || !existsSync(join(WORKSPACE, projectRoot, 'project.json'))) {
  console.error('Say which app to build, e.g. node tools/build/src/build-app.mjs apps/inventory');
  process.exit(2);
}
try {
  await buildApp(projectRoot);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** @param {string} root of the app, relative to the workspace */
async function buildApp(root) {
  const directory = join(WORKSPACE, root);
  const outputDirectory = join(WORKSPACE, 'dist', root);
  /** @type {{ metadata?: { entries?: string[] } }} */
  const project = readJson(join(directory, 'project.json'));
  const packages = workspacePackages();

  rmSync(outputDirectory, { recursive: true, force: true });
  mkdirSync(outputDirectory, { recursive: true });
  const entries = Object.fromEntries((project.metadata?.entries ?? ['main']).map((entry) => [entry, sourceOf(directory, entry)]));
  const { importedPackages, inputs } = await bundle({ entries, outputDirectory, workspaceNames: new Set(packages.keys()) });

  const dependencies = new Set(importedPackages);
  for (const name of await loadedByName(inputs, packages)) dependencies.add(name);
  writeManifests(directory, outputDirectory, [...dependencies].sort());
  if (existsSync(join(directory, 'Dockerfile'))) copyFileSync(join(directory, 'Dockerfile'), join(outputDirectory, 'Dockerfile'));
  if (existsSync(join(directory, 'src/workflows/index.ts'))) await writeWorkflowBundle(directory, outputDirectory);
}

/**
 * @param {string} directory
 * @param {string} entry
 */
function sourceOf(directory, entry) {
  const candidates = ['ts', 'mjs'].map((extension) => join(directory, 'src', `${entry}.${extension}`));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`The entry ${relative(WORKSPACE, /** @type {string} */ (candidates[0]))} is missing.`);
  return found;
}

/**
 * Packages that are declared by a bundled project and that no source of it imports: a framework loads them by name (`pg` for TypeORM, `@fastify/static` for Nest).
 *
 * @param {string[]} inputs
 * @param {ReturnType<typeof workspacePackages>} packages
 */
async function loadedByName(inputs, packages) {
  const loaded = new Set();
  for (const { root, manifest } of packages.values()) {
    const own = inputs.filter((path) => path.startsWith(`${relative(WORKSPACE, root)}/`));
    if (own.length === 0) continue;
    const named = await packagesNamedIn(own);
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      if (!packages.has(dependency) && !named.has(dependency) && !dependency.startsWith('@types/')) loaded.add(dependency);
    }
  }
  return loaded;
}

/**
 * @param {string} directory
 * @param {string} outputDirectory
 * @param {string[]} names
 */
function writeManifests(directory, outputDirectory, names) {
  /** @type {import('./workspace.mjs').Manifest} */
  const rootManifest = readJson(join(WORKSPACE, 'package.json'));
  const lock = readJson(join(WORKSPACE, 'package-lock.json'));
  /** @type {import('./workspace.mjs').Manifest} */
  const own = readJson(join(directory, 'package.json'));
  const dependencies = Object.fromEntries(
    names.map((name) => {
      const version = lock.packages[`node_modules/${name}`]?.version;
      if (version === undefined) throw new Error(`${own.name} imports ${name}, which is not in package-lock.json.`);
      return [name, version];
    }),
  );
  const manifest = {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    private: true,
    type: 'module',
    engines: rootManifest.engines,
    scripts: { start: 'node main.js' },
    dependencies,
  };
  const pruned = /** @type {{ packages: Record<string, unknown> }} */ (pruneLock(lock, manifest));
  const installed = new Set(Object.keys(pruned.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)));
  const overrides = Object.fromEntries(
    Object.entries(rootManifest.overrides ?? {})
      .filter(([name]) => installed.has(name))
      .map(([name, override]) => [name, withVersions(override, lock)]),
  );
  const allowScripts = Object.fromEntries(Object.entries(rootManifest.allowScripts ?? {}).filter(([name]) => installed.has(name)));
  writeFileSync(join(outputDirectory, 'package.json'), `${JSON.stringify({ ...manifest, overrides, allowScripts }, null, 2)}\n`);
  writeFileSync(join(outputDirectory, 'package-lock.json'), `${JSON.stringify(pruned, null, 2)}\n`);
}

/**
 * `$ioredis` refers to a dependency of the workspace's root, which the app may not have: the version stands in its place.
 *
 * @param {string | Record<string, string>} override
 * @param {{ packages: Record<string, { version?: string }> }} lock
 * @returns {string | Record<string, string>}
 */
function withVersions(override, lock) {
  if (typeof override === 'string') return override.startsWith('$') ? (lock.packages[`node_modules/${override.slice(1)}`]?.version ?? override) : override;
  return Object.fromEntries(Object.entries(override).map(([name, value]) => [name, /** @type {string} */ (withVersions(value, lock))]));
}

/**
 * Workflow code is bundled at build time, so that the deployed orchestrator needs neither sources nor a bundler.
 *
 * @param {string} directory
 * @param {string} outputDirectory
 */
async function writeWorkflowBundle(directory, outputDirectory) {
  const bundlerDirectory = join(WORKSPACE, 'node_modules/.cache/backstitch');
  mkdirSync(bundlerDirectory, { recursive: true });
  const packages = workspacePackages();
  await bundle({ entries: { 'bundle-workflows': join(WORKSPACE, 'libs/sandbox/src/index.ts') }, outputDirectory: bundlerDirectory, workspaceNames: new Set(packages.keys()) });
  const { bundleWorkflows } = await import(join(bundlerDirectory, 'bundle-workflows.js'));
  const workflows = await bundleWorkflows({ workflowsPath: join(directory, 'src/workflows/index.ts') });
  writeFileSync(join(outputDirectory, 'workflows.json'), JSON.stringify(workflows));
}
