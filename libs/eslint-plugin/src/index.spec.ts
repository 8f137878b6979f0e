import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import backstitch, { testFiles, workflowFiles } from './index.mjs';

const PACKAGE = join(import.meta.dirname, '..');
const names = Object.keys(backstitch.rules ?? {});
const pageOf = (name: string) => readFileSync(join(PACKAGE, 'docs', `${name}.md`), 'utf8');

/** Code of a rule's page: blocks that begin with ```` ```ts bad ```` or ```` ```ts good ````. */
const examples = names.flatMap((name) => [...pageOf(name).matchAll(/^```ts (bad|good)\n(.*?)^```$/gms)].map(([, kind, code = ''], index) => ({ name, kind, code, number: index + 1 })));

/** Where nothing is installed: names alone decide what is foreign. */
const NOWHERE = '/nowhere';

function lintWith(config: Linter.Config[]): (code: string, filePath: string) => Promise<string[]> {
  const eslint = new ESLint({ cwd: NOWHERE, overrideConfigFile: true, overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser as Linter.Parser } }, ...config] });
  return async (code, filePath) => (await eslint.lintText(code, { filePath, warnIgnored: false })).flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
}

describe('the plugin', () => {
  it('given all its rules, when the recommended configuration is taken, then each is on', () => {
    expect(Object.keys(backstitch.configs.recommended.rules ?? {}).sort()).toEqual(names.map((name) => `backstitch/${name}`).sort());
    expect(backstitch.configs.recommended.files).toBeUndefined();
  });

  it.each(names)('given %s, when its documentation is asked for, then there is a page, which the README names', (name) => {
    const url = backstitch.rules?.[name]?.meta?.docs?.url ?? '';
    expect(existsSync(fileURLToPath(url))).toBe(true);
    expect(pageOf(name)).toMatch(new RegExp(`^# ${name}\n`));
    expect(pageOf(name)).toContain('## Why');
    expect(readFileSync(join(PACKAGE, 'README.md'), 'utf8')).toContain(`(docs/${name}.md)`);
  });

  it.each(names)('given the options of %s, when they are looked up, then its page names each', (name) => {
    const [schema] = (backstitch.rules?.[name]?.meta?.schema ?? []) as { properties: object }[];
    for (const option of Object.keys(schema?.properties ?? {})) expect(pageOf(name)).toContain(`\`${option}\``);
  });

  it('given the pages, when they are listed, then each is of a rule', () => {
    expect(readdirSync(join(PACKAGE, 'docs')).sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });
});

describe('the examples of the pages', () => {
  const lint = lintWith([backstitch.configs.recommended]);

  it.each(examples.filter(({ kind }) => kind === 'bad'))('given example $number of $name, which is bad, when it is linted, then the rule says so', async ({ name, code }) => {
    expect(new Set(await lint(code, 'example.ts'))).toEqual(new Set([`backstitch/${name}`]));
  });

  it.each(examples.filter(({ kind }) => kind === 'good'))('given example $number of $name, which is good, when it is linted, then nothing is said', async ({ code }) => {
    expect(await lint(code, 'example.ts')).toEqual([]);
  });

  it.each(names)('given %s, when its page is read, then it shows what is bad and what is good', (name) => {
    expect(new Set(examples.filter((example) => example.name === name).map(({ kind }) => kind))).toEqual(new Set(['bad', 'good']));
  });
});

describe('the files that workflow code is mostly in', () => {
  const lint = lintWith([{ ...backstitch.configs.recommended, files: workflowFiles, ignores: testFiles }]);
  const CLOCK = 'performance.now();';

  it.each(['src/workflows/order.ts', 'workflows.ts', 'src/order.workflow.ts', 'src/billing/order-workflows.ts', 'workflows/deep/down.ts'])('given %s, when it is linted, then it is taken for workflow code', async (file) => {
    expect(await lint(CLOCK, file)).toEqual(['backstitch/no-forbidden-globals']);
  });

  it.each(['src/main.ts', 'src/workflows/order.spec.ts', 'src/order.workflow.test.ts', 'src/workflows/__tests__/order.ts', 'src/activities.ts'])('given %s, when it is linted, then it is not', async (file) => {
    expect(await lint(CLOCK, file)).toEqual([]);
  });
});
