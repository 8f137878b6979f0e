/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [link]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */
/** @typedef {{ name: string, version: string, dependencies: Record<string, string>, license?: string, engines?: Record<string, string> }} DeployedManifest */

/** Where npm keeps a flag that says how the package was reached; it may be reached otherwise in the pruned tree. */
const REACHED_FLAGS = ['dev', 'devOptional', 'peer', 'extraneous'];

/**
 * Cuts the workspace's package-lock.json down to what one app needs, with the same versions and integrity.
 *
 * @param {{ lockfileVersion: number, packages: Record<string, LockEntry> }} lock the workspace's
 * @param {DeployedManifest} manifest of the app; its dependencies must be installed at the workspace's root
 * @returns {object} a package-lock.json for `npm ci`
 * @throws {Error} naming the package that the lock does not hold
 */
export function pruneLock(lock, manifest) {
  /** @type {Map<string, LockEntry>} */
  const kept = new Map();
  /** @param {string} from @param {string} name */
  const find = (from, name) => {
    for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
      const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
      if (lock.packages[path] !== undefined) return path;
      if (base === '') return undefined;
    }
  };
  /** @param {string} from @param {string} name @param {boolean} mayBeMissing */
  const keep = (from, name, mayBeMissing) => {
    const path = find(from, name);
    if (path === undefined) {
      if (mayBeMissing) return;
      throw new Error(`package-lock.json does not hold ${name}, which ${from || manifest.name} needs: run npm install.`);
    }
    if (kept.has(path)) return;
    const entry = { .../** @type {LockEntry} */ (lock.packages[path]) };
    if (entry.link === true) throw new Error(`${name} is a workspace package: ${manifest.name} should bundle it, not install it.`);
    for (const flag of REACHED_FLAGS) delete (/** @type {Record<string, unknown>} */ (entry)[flag]);
    kept.set(path, entry);
    for (const dependency of Object.keys(entry.dependencies ?? {})) keep(path, dependency, entry.optionalDependencies?.[dependency] !== undefined);
    for (const dependency of Object.keys(entry.optionalDependencies ?? {})) keep(path, dependency, true);
    for (const peer of Object.keys(entry.peerDependencies ?? {})) {
      if (entry.peerDependenciesMeta?.[peer]?.optional !== true) keep(path, peer, true);
    }
  };
  for (const name of Object.keys(manifest.dependencies)) keep('', name, false);
  return {
    name: manifest.name,
    version: manifest.version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: {
      '': { name: manifest.name, version: manifest.version, license: manifest.license, dependencies: manifest.dependencies, engines: manifest.engines },
      ...Object.fromEntries([...kept].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}
