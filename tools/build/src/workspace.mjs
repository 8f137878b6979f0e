import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the workspace. */
export const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/**
 * @typedef {object} Manifest a package.json, as far as the build reads it
 * @property {string} name
 * @property {string} version
 * @property {string} [description]
 * @property {string} [license]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string | Record<string, string>>} [overrides]
 * @property {Record<string, boolean>} [allowScripts]
 * @property {Record<string, string>} [engines]
 */

/**
 * @param {string} path
 * @returns {any} what the file says; its shape is the caller's knowledge
 */
export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * Every workspace package by its npm name.
 * @returns {Map<string, { root: string, manifest: Manifest }>}
 */
export function workspacePackages() {
  const packages = new Map();
  for (const group of ['libs', 'apps', 'tools']) {
    for (const folder of readdirSync(join(WORKSPACE, group))) {
      const root = join(WORKSPACE, group, folder);
      if (!existsSync(join(root, 'package.json'))) continue;
      const manifest = readJson(join(root, 'package.json'));
      packages.set(manifest.name, { root, manifest });
    }
  }
  return packages;
}

/**
 * `@scope/name/deep/path` → `@scope/name`.
 * @param {string} specifier
 */
export function packageNameOf(specifier) {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
