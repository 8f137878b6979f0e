import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import backstitch from '../src/index.mjs';

let folder: string;
let lint: (code: string) => Promise<string[]>;

/** A project with types, in which packages are installed. */
const FILES: Record<string, string> = {
  'tsconfig.json': JSON.stringify({ compilerOptions: { strict: true, target: 'ES2022', module: 'NodeNext', moduleResolution: 'NodeNext', types: [], noEmit: true }, include: ['*.ts'] }),
  'package.json': JSON.stringify({ type: 'module' }),
  'node_modules/pg/package.json': JSON.stringify({ name: 'pg', types: 'index.d.ts' }),
  'node_modules/pg/index.d.ts': 'export declare class Client { query(text: string): Promise<unknown>; readonly host: string }',
  'node_modules/tables/package.json': JSON.stringify({ name: 'tables', types: 'index.d.ts' }),
  'node_modules/tables/index.d.ts': 'export declare function lookUp(name: string): number;\nexport declare function load(name: string): Promise<number>;',
  'node_modules/@backstitch/workflow/package.json': JSON.stringify({ name: '@backstitch/workflow', types: 'index.d.ts' }),
  'node_modules/@backstitch/workflow/index.d.ts': `
    export interface ActivityOptions { taskQueue?: string }
    export interface LocalActivityOptions { startToCloseTimeout?: string }
    type Activity = (...args: never[]) => Promise<unknown>;
    export declare function proxyActivities<T>(options: ActivityOptions): { [K in keyof T]: T[K] & { executeWithOptions(options: ActivityOptions, args: unknown[]): Promise<unknown> } };
    export declare function proxyLocalActivities<T>(options: LocalActivityOptions): { [K in keyof T]: T[K] & { executeWithOptions(options: LocalActivityOptions, args: unknown[]): Promise<unknown> } };
    export interface Saga { step<I, R>(activity: (input: I) => Promise<R>, input: I, options: { undo: Activity | 'none' }): Promise<R> }
    export declare function saga<R>(body: (s: Saga) => Promise<R>): Promise<R>;`,
  'registry.ts': `
    import { proxyActivities, proxyLocalActivities } from '@backstitch/workflow';
    export interface Bank { charge(amount: number): Promise<string> }
    export class Registry { readonly bank = proxyActivities<Bank>({}); readonly local = proxyLocalActivities<Bank>({}) }
    export const registry = new Registry();`,
  'workflows.ts': 'export {};',
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'backstitch-lint-')));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser as Linter.Parser, parserOptions: { projectService: true, tsconfigRootDir: folder } } },
      { ...backstitch.configs.recommended, files: ['**/*.ts'] },
    ],
  });
  lint = async (code) => (await eslint.lintText(code, { filePath: join(folder, 'workflows.ts') })).flatMap(({ messages }) => messages.map(({ ruleId, messageId, message }) => `${ruleId ?? message} ${messageId ?? ''}`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('with type information', () => {
  it('given an argument whose type is of a package that reaches out, when it is awaited, then that is seen', async () => {
    expect(await lint("import type { Client } from 'pg';\nexport async function f(client: Client) { await client.query('SELECT 1'); }")).toEqual(['backstitch/no-foreign-await foreignType']);
  });

  it('given a foreign function that gives no promise, when it is awaited, then there is nothing to wait for', async () => {
    expect(await lint("import { load, lookUp } from 'tables';\nexport async function f() { await lookUp('a'); await load('a'); }")).toEqual(['backstitch/no-foreign-await foreign']);
  });

  it('given activities that are reached through a class, when a saga calls them, then their type tells what they are', async () => {
    const code = "import { saga } from '@backstitch/workflow';\nimport { registry } from './registry.js';\nexport const f = () => saga(async (s) => { await registry.bank.charge(1); await registry.local.charge(2); await s.step(registry.bank.charge, 1, { undo: 'none' }); });";
    expect(await lint(code)).toEqual(['backstitch/require-step-undo direct']);
  });

  it('given activities that a function is handed, when nobody waits for them, then that is seen', async () => {
    expect(await lint("import type { Registry } from './registry.js';\nexport function f({ bank }: Registry) { bank.charge(1); }")).toEqual(['backstitch/no-floating-commands floating']);
  });
});
