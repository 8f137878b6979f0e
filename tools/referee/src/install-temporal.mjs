import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TEMPORAL } from './places.mjs';

const INSTALL_TIMEOUT_MS = 600_000;
// npm writes its own record a moment before the lock's time where both are new.
const CLOCK_TOLERANCE_MS = 10_000;

/**
 * Installs Temporal's runtime beside the judge, if it is missing or older than its lock. No package's install script is run: none is needed.
 * @param {(line: string) => void} print
 */
export function installTemporal(print) {
  const installed = join(TEMPORAL, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs + CLOCK_TOLERANCE_MS >= statSync(join(TEMPORAL, 'package-lock.json')).mtimeMs) return;
  print("Installing Temporal's runtime for the referee alone (npm ci, about 100 MB to download) …");
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: TEMPORAL,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status !== 0) throw new Error("Temporal's runtime could not be installed: npm's message is above.");
}
