import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const WORKSPACE = join(import.meta.dirname, '../../..');
const BOUNDARY = '@nx/enforce-module-boundaries';
const RESTRICTED_IMPORT = '@typescript-eslint/no-restricted-imports';

/** A file that breaks a rule, where it is planted, and what the lint must say about it: mostly the rule's name. */
const plants = [
  { title: 'workflow importing engine', file: 'libs/workflow/src/planted-direction.ts', source: `import '@backstitch/engine';`, expected: BOUNDARY },
  { title: 'a Backstitch library importing contracts', file: 'libs/queues/src/planted-contracts.ts', source: `import '@backstitch/contracts';`, expected: BOUNDARY },
  { title: 'a library importing a tool', file: 'libs/queues/src/planted-tool.ts', source: `import '@backstitch/servers';`, expected: BOUNDARY },
  { title: 'a library importing an app', file: 'libs/queues/src/planted-app.ts', source: `import '@backstitch/app-payment';`, expected: RESTRICTED_IMPORT },
  { title: 'the command importing the orchestrator', file: 'libs/cli/src/planted-orchestrator.ts', source: `import '@backstitch/orchestrator';`, expected: BOUNDARY },
  { title: 'an app importing another app', file: 'apps/inventory/src/planted-app.ts', source: `import '@backstitch/app-payment';`, expected: RESTRICTED_IMPORT },
  { title: 'an app importing a library that is not its own', file: 'apps/inventory/src/planted-client.ts', source: `import '@backstitch/client';`, expected: BOUNDARY },
  { title: 'an app importing another app by its path', file: 'apps/inventory/src/planted-app-path.ts', source: `import '../../payment/src/configuration.js';`, expected: BOUNDARY },
  { title: 'a relative path into another project', file: 'apps/inventory/src/planted-relative.ts', source: `import '../../../libs/protocol/src/index.js';`, expected: BOUNDARY },
  { title: 'a circle', file: 'libs/protocol/src/planted-circle.ts', source: `import '@backstitch/engine';`, expected: 'Circular dependency' },
  { title: 'the client importing more than types from workflow', file: 'libs/client/src/planted-value.ts', source: `import { sleep } from '@backstitch/workflow';\nexport const wait = sleep;`, expected: RESTRICTED_IMPORT },
  { title: 'a Node built-in in workflow code', file: 'libs/workflow/src/planted-builtin.ts', source: `import 'node:fs';`, expected: 'no-restricted-imports' },
  { title: 'a Node built-in without its prefix', file: 'libs/workflow/src/planted-bare-builtin.ts', source: `import 'crypto';`, expected: 'no-restricted-imports' },
  { title: 'the clock', file: 'libs/workflow/src/planted-clock.ts', source: `export const now = Date.now();`, expected: 'no-restricted-properties' },
  { title: 'the clock through a new Date', file: 'libs/workflow/src/planted-date.ts', source: `export const now = new Date();`, expected: 'no-restricted-syntax' },
  { title: 'randomness', file: 'libs/workflow/src/planted-random.ts', source: `export const chance = Math.random();`, expected: 'no-restricted-properties' },
  { title: 'a timer', file: 'libs/workflow/src/planted-timer.ts', source: `setTimeout(() => undefined, 1);`, expected: 'no-restricted-globals' },
  { title: 'the environment outside of service-kit', file: 'libs/queues/src/planted-environment.ts', source: `export const home = process.env.HOME;`, expected: 'no-restricted-properties' },
  { title: 'any', file: 'libs/queues/src/planted-any.ts', source: `export const anything: any = 1;`, expected: '@typescript-eslint/no-explicit-any' },
  { title: 'a promise that nobody awaits', file: 'libs/queues/src/planted-promise.ts', source: `Promise.resolve();\nexport {};`, expected: '@typescript-eslint/no-floating-promises' },
] as const;
/** What specs alone may do. */
const allowed = { file: 'libs/queues/src/planted-allowed.spec.ts', source: `import '@backstitch/servers';` };

const PROJECTS = ['@backstitch/workflow', '@backstitch/queues', '@backstitch/client', '@backstitch/cli', '@backstitch/protocol', 'inventory'];

function lint(): Promise<string> {
  const { NODE_OPTIONS: _jestOnly, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(WORKSPACE, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', 'lint', `--projects=${PROJECTS.join()}`, '--skip-nx-cache', '--output-style=static', '--parallel=2'],
      { cwd: WORKSPACE, env: { ...env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' }, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

/** ESLint's lines below a file's name, up to the next empty line. */
function complaintsAbout(output: string, file: string): string {
  const start = output.indexOf(basename(file));
  return start === -1 ? '' : output.slice(start, output.indexOf('\n\n', start));
}

describe('the lint', () => {
  let output = '';

  beforeAll(async () => {
    for (const { file, source } of [...plants, allowed]) writeFileSync(join(WORKSPACE, file), `${source}\n`);
    output = await lint();
  }, 300_000);
  afterAll(() => {
    for (const { file } of [...plants, allowed]) rmSync(join(WORKSPACE, file), { force: true });
  });

  it.each(plants)('sees $title', ({ file, expected }) => {
    expect(complaintsAbout(output, file)).toContain(expected);
  });

  it('lets a spec import the test servers', () => {
    expect(complaintsAbout(output, allowed.file)).toBe('');
  });
});
