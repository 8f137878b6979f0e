import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflows, WorkflowBundleError } from '@backstitch/sandbox';
import { CONSOLE_METHODS, FORBIDDEN_GLOBALS, FORBIDDEN_MEMBERS } from '../src/sandbox/globals.mjs';
import { builtInName, FORBIDDEN_PACKAGES, REPLACED_MODULES } from '../src/sandbox/modules.mjs';

let folder: string;
let nodeGlobals: string[];
let seen: { globals: Record<string, boolean>; members: Record<string, boolean>; console: string[] };

/** What workflow code sees, told by code that looks around while its bundle is made. */
async function lookAround(source: string): Promise<string> {
  const path = join(folder, 'looking.ts');
  writeFileSync(path, `${source}\nthrow new Error('SEEN' + JSON.stringify(seen) + 'SEEN');\nexport async function looking(): Promise<void> {}\n`);
  const error: unknown = await bundleWorkflows({ workflowsPath: path }).then(() => undefined, (reason: unknown) => reason);
  return /SEEN(.*)SEEN/.exec(String((error as Error).message))?.[1] ?? String(error);
}

async function problemsOf(source: string): Promise<string> {
  const path = join(folder, 'importing.ts');
  writeFileSync(path, `${source}\nexport async function importing(): Promise<void> {}\n`);
  try {
    await bundleWorkflows({ workflowsPath: path });
    return '';
  } catch (error) {
    if (!(error instanceof WorkflowBundleError)) throw error;
    return error.message;
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'backstitch-lint-'));
  // In a process of its own: the globals of a test are Jest's.
  const program = join(folder, 'globals.mjs');
  writeFileSync(program, 'console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis)))');
  nodeGlobals = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', env: {} })) as string[];
  const names = [...new Set([...FORBIDDEN_GLOBALS.keys(), ...nodeGlobals])];
  const members = [...FORBIDDEN_MEMBERS].flatMap(([object, known]) => [...known.keys()].map((name) => [object, name]));
  seen = JSON.parse(
    await lookAround(`
      const realm = Object.getPrototypeOf(globalThis);
      const seen = { globals: {}, members: {}, console: Object.keys(console) };
      for (const name of ${JSON.stringify(names)}) seen.globals[name] = name in realm;
      for (const [object, name] of ${JSON.stringify(members)}) seen.members[object + '.' + name] = name in realm[object];
    `),
  ) as typeof seen;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the lint and the sandbox', () => {
  it('given what the lint forbids, when the sandbox is asked, then it has none of it', () => {
    expect([...FORBIDDEN_GLOBALS.keys()].filter((name) => seen.globals[name])).toEqual([]);
    expect(Object.keys(seen.members).filter((name) => seen.members[name])).toEqual([]);
  });

  it('given what Node has and the sandbox lacks, when the lint is asked, then it forbids all of it', () => {
    expect(nodeGlobals.length).toBeGreaterThan(100);
    expect(nodeGlobals.filter((name) => seen.globals[name] === false && !FORBIDDEN_GLOBALS.has(name))).toEqual([]);
  });

  it('given the console of workflow code, when its methods are listed, then the lint knows the same ones', () => {
    expect(seen.console.toSorted()).toEqual(CONSOLE_METHODS);
  });

  it('given the packages that the lint forbids, when workflow code imports them, then the bundler refuses each', async () => {
    const names = FORBIDDEN_PACKAGES.map((name) => name.replace('*', 'something'));
    const problems = await problemsOf(names.map((name, index) => `import * as m${index} from '${name}'; console.log(m${index});`).join('\n'));
    expect(names.filter((name) => !problems.includes(`"${name}" is a package that does not belong`))).toEqual([]);
  });

  it('given the packages that the bundler refuses, when the lint is asked, then it forbids each', () => {
    const source = readFileSync(join(import.meta.dirname, '../../sandbox/src/forbidden-imports.ts'), 'utf8');
    const list = /FORBIDDEN_PACKAGES[^=]*= \[(.*?)\];/s.exec(source)?.[1] ?? '';
    const refused = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name);
    expect(refused.sort()).toEqual([...FORBIDDEN_PACKAGES].sort());
  });

  it('given the modules of Node that have a replacement, when all that the lint lets through is imported, then it is there, and nothing else is', async () => {
    const imports = [...REPLACED_MODULES].map(([module, names], index) => `import { ${names.map((name, at) => `${name} as n${index}_${at}`).join(', ')} } from 'node:${module}'; console.log(${names.map((_, at) => `n${index}_${at}`).join(', ')});`);
    expect(await problemsOf(imports.join('\n'))).toBe('');
    expect(await problemsOf("import { promisify } from 'node:util'; console.log(promisify);")).toContain('promisify');
    for (const module of ['fs', 'node:fs/promises', 'url', 'crypto', 'timers/promises']) {
      expect(builtInName(module)).toBeDefined();
      expect(await problemsOf(`import * as m from '${module}'; console.log(m);`)).toContain('a module of Node');
    }
  });
});
