import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { bundle, workspacePackages } from '@backstitch/build';
import { SOURCE, TEMPORAL } from './places.mjs';

const BUNDLING_TIMEOUT_MS = 120_000;
const PLACEHOLDER = '__BACKSTITCH_FACTORIES__;';

/**
 * Workflow code as Temporal's sandbox takes it: the random workflows, compiled by Temporal's own bundler, and a frame into which the code of a
 * Backstitch bundle is put as it is.
 * @param {string} folder
 */
export async function bundleForTemporal(folder) {
  mkdirSync(folder, { recursive: true });
  const entries = { random: join(SOURCE, 'workflows/index.ts'), frame: join(TEMPORAL, 'shim/bundled.mjs'), puppet: join(TEMPORAL, 'shim/puppet.mjs') };
  await promisify(execFile)(process.execPath, [join(TEMPORAL, 'bundle.mjs'), folder, ...Object.entries(entries).map((entry) => entry.join('='))], { timeout: BUNDLING_TIMEOUT_MS });
  return new TemporalBundles(folder);
}

export class TemporalBundles {
  /** @type {string} */
  #frame;

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.#frame = readFileSync(join(folder, 'frame.js'), 'utf8');
    if (!this.#frame.includes(PLACEHOLDER)) throw new Error('The frame has lost its placeholder: the bundler has changed.');
  }

  /** Path of the random workflows' bundle. */
  get random() {
    return join(this.folder, 'random.js');
  }

  /** Path of the bundle for histories without code. */
  get puppet() {
    return join(this.folder, 'puppet.js');
  }

  /**
   * Path of a bundle that runs a Backstitch bundle's workflows; made once for each code.
   * @param {{ code: string, sharedCode: string }} given
   */
  of({ code, sharedCode }) {
    const path = join(this.folder, `${createHash('sha256').update(code).update(sharedCode).digest('hex').slice(0, 16)}.js`);
    if (!existsSync(path)) {
      const shared = sharedCode === '' ? 'undefined' : sharedCode;
      writeFileSync(path, this.#frame.replace(PLACEHOLDER, () => `[${code}, ${shared}];`));
    }
    return path;
  }
}

/**
 * Builds this tool's TypeScript program as the platform's apps are built.
 * @param {string} name
 * @param {string} folder
 * @returns {Promise<string>} its URL
 */
export async function buildProgram(name, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await bundle({ entries: { [name]: join(SOURCE, 'programs', `${name}.ts`) }, outputDirectory: folder, workspaceNames: new Set(workspacePackages().keys()) });
  return pathToFileURL(join(folder, `${name}.js`)).href;
}
