/** Installs the workspace's packages if they are missing or older than the lock. Until then only Node's own modules are used here. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../../', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Backstitch needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}

const installed = join(workspace, 'node_modules/.package-lock.json');
// npm install writes its own record a moment before the lock.
const CLOCK_TOLERANCE_MS = 10_000;
const lock = join(workspace, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs + CLOCK_TOLERANCE_MS < statSync(lock).mtimeMs) {
  console.log('Installing packages (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: workspace, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error('npm ci did not succeed; its message is above.');
    process.exit(1);
  }
}
