/**
 * `npm run lock`: brings package-lock.json up to date and completes it with the platform packages that the registry in use did not offer (some mirrors
 * keep only a few platforms). Without them `npm ci` refuses the lock, on every platform. Their integrity is not known here, so they have none.
 * The referee's own lock comes after the workspace's.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const OS_NAMES = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU_NAMES = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
/** @type {Record<string, string>} */
const LIBC_OF_SUFFIX = { gnu: 'glibc', musl: 'musl' };

/** @typedef {{ version?: string, dev?: boolean, devOptional?: boolean, optional?: boolean, peer?: boolean, cpu?: string[], os?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} LockEntry */

const workspace = fileURLToPath(new URL('../../', import.meta.url));
for (const directory of [workspace, join(workspace, 'tools/referee/temporal')]) completeLock(directory);

/** @param {string} directory */
function completeLock(directory) {
  const path = join(directory, 'package-lock.json');
  if (!process.argv.includes('--only-complete')) {
    const { status } = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: directory, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
  /** @type {{ packages: Record<string, LockEntry> }} */
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const added = missingPlatformPackages(lock.packages);
  if (Object.keys(added).length > 0) {
    lock.packages = Object.fromEntries(Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  }
  console.log(`${relative(workspace, path)}: ${Object.keys(added).length} platform packages added.`);
}

/**
 * @param {Record<string, LockEntry>} packages
 * @returns {Record<string, LockEntry>}
 */
function missingPlatformPackages(packages) {
  /** @type {Record<string, LockEntry>} */
  const missing = {};
  for (const [parentPath, parent] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
      const entryPath = `node_modules/${name}`;
      const version = range.replace(/^[\^~]/, '');
      if (packages[entryPath] !== undefined || packages[`${parentPath}/${entryPath}`] !== undefined || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) continue;
      const words = name.split(/[/-]/);
      const os = OS_NAMES.find((candidate) => words.includes(candidate));
      const cpu = CPU_NAMES.find((candidate) => words.includes(candidate));
      const libc = LIBC_OF_SUFFIX[words.at(-1) ?? ''];
      missing[entryPath] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(parent.dev === true ? { dev: true } : {}),
        ...(parent.devOptional === true ? { devOptional: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        ...(os === undefined ? {} : { os: [os] }),
        ...(parent.peer === true ? { peer: true } : {}),
      };
    }
  }
  return missing;
}
