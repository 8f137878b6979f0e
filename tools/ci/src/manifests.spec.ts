import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}
interface LockEntry {
  version?: string;
  optionalDependencies?: Record<string, string>;
}

const WORKSPACE = join(import.meta.dirname, '../../..');
const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
const root = readManifest(WORKSPACE);
const rootVersions = { ...root.dependencies, ...root.devDependencies };
const lockText = readFileSync(join(WORKSPACE, 'package-lock.json'), 'utf8');
const lock = JSON.parse(lockText) as { packages: Record<string, LockEntry> };

const projects = ['libs', 'apps', 'tools'].flatMap((group) =>
  readdirSync(join(WORKSPACE, group))
    .map((folder) => join(WORKSPACE, group, folder))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ name: relative(WORKSPACE, folder), folder, manifest: readManifest(folder) })),
);
const workspaceNames = new Set(projects.map(({ manifest }) => manifest.name));

/** Without what the spec of the directions plants for a moment: the two may run side by side. */
function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !entry.name.endsWith('.spec.ts') && !entry.name.startsWith('planted-'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** npm names of what a project's source imports, types included. */
function importedBy(folder: string): Set<string> {
  const names = new Set<string>();
  for (const file of sources(join(folder, 'src'))) {
    const text = readFileSync(file, 'utf8').replace(/`(?:[^`\\]|\\.)*`/gs, '``').replace(/\/\*.*?\*\//gs, '');
    for (const [, specifier = ''] of text.matchAll(/(?:^|\s)(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g)) {
      if (specifier === '' || specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(specifier)) continue;
      names.add(specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return names;
}

describe('the packages of the workspace', () => {
  it.each(projects)('$name declares what it imports', ({ folder, manifest }) => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
    expect([...importedBy(folder)].filter((name) => declared[name] === undefined && name !== manifest.name)).toEqual([]);
  });

  it.each(projects)('$name asks for the versions of the workspace’s root', ({ manifest }) => {
    const differing = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([name, version]) => version !== (workspaceNames.has(name) ? '0.1.0' : (rootVersions[name] ?? lock.packages[`node_modules/${name}`]?.version)),
    );
    expect(differing).toEqual([]);
  });
});

describe('package-lock.json', () => {
  it('names the packages of every platform, without which npm ci refuses it (npm run lock)', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => lock.packages[`node_modules/${name}`] === undefined && lock.packages[`${path}/node_modules/${name}`] === undefined),
    );
    expect(missing).toEqual([]);
  });

  it('names no registry', () => {
    expect(lockText).not.toMatch(/"resolved": "https?:/);
  });
});
