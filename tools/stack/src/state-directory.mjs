import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runningStack, StackRunningError } from './stack-lock.mjs';

/** Where the local stack keeps its data, logs and keys, in the workspace. */
export const STATE_DIRECTORY = '.backstitch';

/** @typedef {{ superuser: string, roles: Record<string, string>, controlToken: string }} Secrets */

/**
 * Makes the directory and what is in it.
 * @param {string} directory
 */
export function prepareStateDirectory(directory) {
  // As root, Postgres runs as a user of its own and must be able to pass; each secret file has mode 0600 itself.
  mkdirSync(join(directory, 'logs'), { recursive: true, mode: 0o755 });
  chmodSync(directory, 0o755);
}

/**
 * Where Postgres keeps its data: in the state directory, or outside of it if the user `postgres`, who serves it when we are root, cannot get there.
 * @param {string} directory
 */
export function dataDirectoryOf(directory) {
  const inside = join(directory, 'postgres');
  if (process.getuid?.() !== 0 || existsSync(inside) || isOpenToOthers(directory)) return inside;
  return outsideDataDirectory(directory);
}

/**
 * Passwords and tokens, made at random on first use.
 * @param {string} directory
 * @param {readonly string[]} roles
 * @returns {Secrets}
 */
export function readOrMakeSecrets(directory, roles) {
  const path = join(directory, 'secrets.json');
  const secret = () => randomBytes(24).toString('base64url');
  /** @type {Secrets} */
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { superuser: secret(), roles: {}, controlToken: secret() };
  for (const role of roles) known.roles[role] ??= secret();
  writeSecretFile(path, known);
  return known;
}

/**
 * Writes JSON that only the owner may read.
 * @param {string} path
 * @param {unknown} content
 */
export function writeSecretFile(path, content) {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/**
 * Removes the state directory and Postgres' data, wherever they are.
 * @param {string} directory
 * @returns {Promise<boolean>} whether there was anything
 * @throws {StackRunningError} if a stack runs on it
 */
export async function resetStateDirectory(directory) {
  const pid = runningStack(directory);
  if (pid !== undefined) throw new StackRunningError(pid);
  const outside = outsideDataDirectory(directory);
  const existed = existsSync(directory) || existsSync(outside);
  rmSync(directory, { recursive: true, force: true });
  rmSync(dirname(outside), { recursive: true, force: true });
  return existed;
}

/** @param {string} directory */
function outsideDataDirectory(directory) {
  return join('/var/tmp', `backstitch-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`, 'postgres');
}

/** @param {string} directory */
function isOpenToOthers(directory) {
  for (let path = directory; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
