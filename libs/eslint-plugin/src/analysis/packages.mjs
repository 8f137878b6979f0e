import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { isRelative, packageNameOf } from '../sandbox/modules.mjs';

const INSTALLED = `${sep}node_modules${sep}`;
/** By folder and package. @type {Map<string, boolean>} */
const answers = new Map();
const ANSWERS_MAX = 10_000;

/**
 * Whether an import is of code that is not the project's own: a package that is installed. Packages of a workspace are links to the project's own folders, and
 * names that no folder of node_modules has are aliases of its own paths. Where nothing is installed at all, every package is taken for foreign.
 * @param {string} fromFile the file that imports
 * @param {string} specifier
 */
export function isForeignPackage(fromFile, specifier) {
  if (isRelative(specifier) || /^([#~]|@\/)/.test(specifier)) return false;
  const name = packageNameOf(specifier);
  const key = `${dirname(fromFile)}\0${name}`;
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = isInstalled(dirname(fromFile), name);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(key, answer);
  }
  return answer;
}

/**
 * @param {string} folder
 * @param {string} name
 */
function isInstalled(folder, name) {
  let isAnythingInstalled = false;
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    if (existsSync(modules)) {
      isAnythingInstalled = true;
      try {
        return `${realpathSync(join(modules, name))}${sep}`.includes(INSTALLED);
      } catch {
        // Not here: further up, perhaps.
      }
    }
    if (at === dirname(at)) return !isAnythingInstalled;
  }
}
