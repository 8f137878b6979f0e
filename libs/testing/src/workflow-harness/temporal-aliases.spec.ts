import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backstitch-aliases-'));
  const source = readFileSync(fileURLToPath(new URL('temporal-aliases.ts', import.meta.url)), 'utf8');
  const { code } = transformSync(source, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } });
  writeFileSync(join(folder, 'temporal-aliases.mjs'), code);
  writeFileSync(join(folder, 'ours.mjs'), "export const whose = 'ours';");
  writeFileSync(join(folder, 'register.mjs'), "import { registerTemporalAliases } from './temporal-aliases.mjs';\nregisterTemporalAliases({ '@temporalio/client': new URL('ours.mjs', import.meta.url).href });");
  writeFileSync(join(folder, 'program.mjs'), "import { whose } from '@temporalio/client';\nimport { join } from 'node:path';\nconsole.log(whose, typeof join);");
  writeFileSync(join(folder, 'deep.mjs'), "import { whose } from '@temporalio/client/lib/errors';\nconsole.log(whose, typeof (() => 1));");
  writeFileSync(join(folder, 'deep.cjs'), "console.log(require('@temporalio/client/lib/errors').whose, typeof (() => 1));");
  writeFileSync(join(folder, 'program.cjs'), "console.log(require('@temporalio/client').whose, typeof require('node:path').join);");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('aliases of Temporal’s packages', () => {
  it.each(['program.mjs', 'program.cjs', 'deep.mjs', 'deep.cjs'])('given %s, which imports one of them, when it runs with the aliases, then it gets ours, and other modules are as ever', (program) => {
    const written = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', './register.mjs', program], { cwd: folder, encoding: 'utf8' });
    expect(written.trim()).toBe('ours function');
  });
});
