import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isAuthoringModule } from './settings.mjs';

/**
 * What another file of the project says of itself, as far as its text shows: the rules ask for it where a name alone would mislead.
 * @typedef {object} ImportedFile
 * @property {boolean} isWorkflowCode it imports values of the authoring API, or passes on what a file exports that does
 * @property {ReadonlyMap<string, ActivityExport>} activities what of its exports comes from proxyActivities or proxyLocalActivities, by name
 */
/**
 * @typedef {object} ActivityExport
 * @property {'activity' | 'localActivity'} kind
 * @property {boolean} isProxy all activities of a proxy, in place of one
 */

const EXTENSIONS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '/index.ts', '/index.mts', '/index.js', '/index.mjs'];
const PASSED_ON_DEPTH_MAX = 3;
const CACHED_FILES_MAX = 1_000;

/** By path; a file that was written since is read anew. @type {Map<string, { mtimeMs: number, text: string }>} */
const texts = new Map();

/**
 * @param {string} fromFile the file that imports
 * @param {string} specifier a relative one
 * @param {number} [depth] how many more files are looked into that this one passes on
 * @returns {ImportedFile | undefined} undefined where there is no such file
 */
export function importedFile(fromFile, specifier, depth = PASSED_ON_DEPTH_MAX) {
  const path = resolve(dirname(fromFile), specifier);
  const withoutExtension = path.replace(/\.([cm]?)jsx?$/, '');
  for (const candidate of new Set([...EXTENSIONS.map((extension) => path + extension), ...EXTENSIONS.map((extension) => withoutExtension + extension)])) {
    const text = textOf(candidate);
    if (text !== undefined) return describe(candidate, text, depth);
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function textOf(path) {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return undefined;
    const cached = texts.get(path);
    if (cached?.mtimeMs === stat.mtimeMs) return cached.text;
    if (texts.size >= CACHED_FILES_MAX) texts.clear();
    const text = readFileSync(path, 'utf8');
    texts.set(path, { mtimeMs: stat.mtimeMs, text });
    return text;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {string} source
 * @param {number} depth
 * @returns {ImportedFile}
 */
function describe(path, source, depth) {
  const text = source.replace(/\/\*.*?\*\//gs, '').replace(/^\s*\/\/.*$/gm, '');
  let isWorkflowCode = false;
  for (const [, names = '', module = ''] of text.matchAll(/\bimport\s+(?!type\b)([^'"();]*?)\s*from\s*['"]([^'"]+)['"]/g)) {
    if (isAuthoringModule(module) && !/^\{\s*(type\s[^,}]*,?\s*)*\}$/.test(names)) isWorkflowCode = true;
  }
  const activities = activitiesExportedBy(text);
  for (const [, all, names = '', module = ''] of text.matchAll(/\bexport\s+(?:(\*)|\{([^}]*)\})\s*from\s*['"](\.[^'"]*)['"]/g)) {
    const passedOn = depth === 0 ? undefined : importedFile(path, module, depth - 1);
    if (passedOn === undefined) continue;
    if (passedOn.isWorkflowCode) isWorkflowCode = true;
    for (const [name, activity] of passedOn.activities) {
      const exportedAs = all === '*' ? name : exportedNames(names).get(name);
      if (exportedAs !== undefined) activities.set(exportedAs, activity);
    }
  }
  return { isWorkflowCode, activities };
}

/**
 * @param {string} text
 * @returns {Map<string, ActivityExport>}
 */
function activitiesExportedBy(text) {
  /** @type {Map<string, ActivityExport>} */
  const declared = new Map();
  /** @type {Map<string, ActivityExport>} */
  const exported = new Map();
  for (const [, isExported, pattern = '', localOrNot] of text.matchAll(/\b(export\s+)?const\s+(\{[^}]*\}|\w+)\s*(?::[^=]*)?=\s*(?:\w+\.)?proxy(Local)?Activities\b/g)) {
    /** @type {ActivityExport['kind']} */
    const kind = localOrNot === undefined ? 'activity' : 'localActivity';
    for (const name of pattern.startsWith('{') ? boundNames(pattern) : [pattern]) {
      const activity = { kind, isProxy: !pattern.startsWith('{') };
      declared.set(name, activity);
      if (isExported !== undefined) exported.set(name, activity);
    }
  }
  for (const [, names = ''] of text.matchAll(/\bexport\s*\{([^}]*)\}(?!\s*from)/g)) {
    for (const [name, exportedAs] of exportedNames(names)) {
      const activity = declared.get(name);
      if (activity !== undefined) exported.set(exportedAs, activity);
    }
  }
  return exported;
}

/**
 * @param {string} pattern `{ a, b: c }`
 * @returns {string[]} the names that it binds
 */
function boundNames(pattern) {
  return pattern.slice(1, -1).split(',').map((part) => /(\w+)\s*(?:=.*)?$/.exec(part.trim())?.[1] ?? '').filter((name) => name !== '');
}

/**
 * @param {string} names `a, b as c`
 * @returns {Map<string, string>} by the name that it has inside
 */
function exportedNames(names) {
  const found = new Map();
  for (const part of names.split(',')) {
    const [, name, exportedAs] = /^\s*(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(part) ?? [];
    if (name !== undefined) found.set(name, exportedAs ?? name);
  }
  return found;
}
