import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from './state-directory.mjs';
import { WORKSPACE } from './workspace.mjs';

/** @typedef {{ orders: string, operator: string, viewer: string }} ApiKeys one key for each role of the gateway */

const KEY_ROLES = /** @type {const} */ (['orders', 'operator', 'viewer']);

/** Where the keys are kept. */
export const KEYS_FILE = 'keys.json';

/**
 * The gateway's API keys: made on first use, kept in a file that only the owner may read. The gateway itself stores their digests alone.
 *
 * @param {{ directory: string, environment: NodeJS.ProcessEnv }} options the gateway's environment
 * @returns {Promise<ApiKeys>}
 */
export async function readOrMakeKeys({ directory, environment }) {
  const path = join(directory, KEYS_FILE);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const [orders, operator, viewer] = await Promise.all(KEY_ROLES.map((role) => createKey(role, environment)));
  const keys = /** @type {ApiKeys} */ ({ orders, operator, viewer });
  writeSecretFile(path, keys);
  return keys;
}

/**
 * @param {string} role
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>}
 */
function createKey(role, env) {
  const entry = join(WORKSPACE, 'dist/apps/gateway/create-api-key.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [entry, '--role', role, '--name', `local ${role}`], { env, encoding: 'utf8', timeout: 30_000 }, (error, stdout, stderr) => {
      const key = /bsk_[\w-]+/.exec(stdout)?.[0] ?? '';
      if (error !== null || key === '') reject(new Error(`The API key for ${role} was not made: ${stderr.trim() || error?.message || 'no key was printed'}`));
      else resolve(key);
    });
  });
}
