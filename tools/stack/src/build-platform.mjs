import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WORKSPACE } from './workspace.mjs';

/** What a whole platform consists of, by its Nx name. */
const PROJECTS = ['gateway', 'orchestrator', 'inventory', 'payment', 'fulfilment', 'console', '@backstitch/stripe-simulator'];
const SOURCES = ['apps', 'libs', 'tools/build', 'tools/stripe-simulator', 'package-lock.json', 'tsconfig.base.json'];
const IGNORED = new Set(['node_modules', 'dist', 'test', 'e2e', 'coverage']);
const STAMP = join(WORKSPACE, 'dist/.built');

/** The build failed; its output says why. */
export class BuildFailedError extends Error {
  code = 'BUILD_FAILED';
}

/**
 * Builds the apps if a source has changed since the last time. Nx builds again only what the change touches.
 *
 * @param {{ onStart?: () => void }} [options] `onStart` is called if there is something to build
 * @returns {Promise<boolean>} whether something was built
 * @throws {BuildFailedError}
 */
export async function buildPlatform({ onStart } = {}) {
  const newestMs = Math.max(...SOURCES.map((source) => newestChangeMs(join(WORKSPACE, source))));
  const complete = PROJECTS.every((project) => existsSync(join(WORKSPACE, 'dist', outputOf(project), 'main.js')));
  if (complete && existsSync(STAMP) && statSync(STAMP).mtimeMs >= newestMs) return false;
  onStart?.();
  await runNx(['run-many', '-t', 'build', `--projects=${PROJECTS.join()}`, '--output-style=static']);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, '');
  // What changed while the build ran is newer than the stamp, and is built next time.
  utimesSync(STAMP, new Date(newestMs), new Date(newestMs));
  return true;
}

/** @param {string} project */
function outputOf(project) {
  return project.startsWith('@backstitch/') ? `tools/${project.slice('@backstitch/'.length)}` : `apps/${project}`;
}

/**
 * Newest change below a path; a folder's own time tells of files that were removed.
 * @param {string} path
 * @returns {number}
 */
function newestChangeMs(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  let newestMs = stats.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (IGNORED.has(entry.name) || entry.name.endsWith('.spec.ts') || entry.name.endsWith('.md')) continue;
    if (entry.isDirectory() || entry.isFile()) newestMs = Math.max(newestMs, newestChangeMs(join(path, entry.name)));
  }
  return newestMs;
}

/** @param {string[]} args */
function runNx(args) {
  const { NODE_OPTIONS: _jestOnly, ...environment } = process.env;
  const child = spawn(process.execPath, [join(WORKSPACE, 'node_modules/nx/dist/bin/nx.js'), ...args], {
    cwd: WORKSPACE,
    env: { ...environment, NX_DAEMON: 'false', NX_TUI: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(undefined) : reject(new BuildFailedError(`The build failed.\n${output.trim()}`))));
  });
}
