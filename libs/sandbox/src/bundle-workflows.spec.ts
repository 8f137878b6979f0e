import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DrivenRun, initialize, testBundle } from '../test/sandbox-driver.js';
import { bundleWorkflows, createInThreadSandbox, WorkflowBundleError } from './index.js';

describe('bundleWorkflows', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'backstitch-bundle-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const write = (files: Record<string, string>): string => {
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), contents);
    }
    return join(directory, 'index.ts');
  };
  const problemsOf = (workflowsPath: string): Promise<string> =>
    bundleWorkflows({ workflowsPath }).then(
      () => 'none',
      (error: unknown) => {
        expect(error).toBeInstanceOf(WorkflowBundleError);
        return (error as Error).message;
      },
    );

  it('given workflow code, when it is bundled, then the bundle names the exported workflows and nothing of this machine', async () => {
    const bundle = await testBundle();
    expect(bundle.workflowTypes).toContain('sagaWorkflow');
    expect(bundle.workflowTypes).not.toContain('steps');
    expect(JSON.stringify({ ...bundle, workerCode: '' })).not.toContain(process.cwd());
  });

  it("given async functions, when code is bundled, then they run on the sandbox's own helper, in workflow code and in the runtime", async () => {
    const { code, runtimeCode } = await testBundle();
    // If this fails after an update of the compiler, its helper looks different now: everything works, more slowly.
    expect(code).toContain('var __async = __backstitchAsync;');
    expect(runtimeCode).toContain('var __async = (...call) => runAsync(...call);');
  });

  it('given two builds of the same code, when they are compared, then they are the same', async () => {
    const workflowsPath = write({ 'index.ts': 'export async function one() { return 1; }' });
    expect(await bundleWorkflows({ workflowsPath })).toEqual(await bundleWorkflows({ workflowsPath }));
  });

  it.each(['node:fs', 'fs', 'crypto', 'fs/promises'])("given an import of Node's %s three files down, when it is bundled, then it is refused with the chain of imports", async (builtin) => {
    const workflowsPath = write({
      'index.ts': "export { one } from './one.js';",
      'one.ts': "import { helper } from './lib/helper.js'; export async function one() { return helper(); }",
      'lib/helper.ts': `import * as reached from '${builtin}'; export const helper = () => Object.keys(reached);`,
    });
    expect(await problemsOf(workflowsPath)).toContain(`It is imported by: index.ts → one.ts → lib/helper.ts → ${builtin}`);
  });

  it('given a forbidden package and a dynamic import, when it is bundled, then both are told', async () => {
    const workflowsPath = write({
      'index.ts': "import { Pool } from 'pg'; export async function one() { return [Pool, await import('./two.js')]; }",
      'two.ts': 'export const two = 2;',
    });
    const problems = await problemsOf(workflowsPath);
    expect(problems).toContain('"pg" is a package that does not belong in workflow code. It is imported by: index.ts → pg');
    expect(problems).toContain('"./two.js" is a dynamic import, which cannot be replayed. It is imported by: index.ts → ./two.js');
  });

  it('given types only of a forbidden package, when it is bundled, then nothing is wrong', async () => {
    const workflowsPath = write({ 'index.ts': "import type { Pool } from 'pg'; export async function one(pool?: Pool) { return pool === undefined; }" });
    expect(await problemsOf(workflowsPath)).toBe('none');
  });

  it('given code that does not compile, or throws while it is evaluated, or exports no workflow, when it is bundled, then that is told', async () => {
    expect(await problemsOf(write({ 'index.ts': 'export async function (' }))).toContain('index.ts:1:');
    expect(await problemsOf(write({ 'index.ts': "throw new Error('at load'); export async function one() {}" }))).toContain('at load');
    expect(await problemsOf(write({ 'index.ts': 'export const two = 2;' }))).toContain('exports no function');
  });

  it('given a shared module, when two runs use it, then it is evaluated once and its exports work', async () => {
    const workflowsPath = write({
      'node_modules/big/package.json': '{"name":"big","type":"module","main":"index.js"}',
      'node_modules/big/index.js': 'let evaluations = 0; evaluations++; let uses = 0; export const use = () => ({ evaluations, uses: ++uses }); export default 7;',
      'index.ts': "import seven, { use } from 'big'; export async function one() { return { seven, ...use() }; }",
    });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath, sharedModules: ['big'] }) });
    expect(await new DrivenRun(sandbox, 'a').advanceInShort(initialize('one'))).toEqual(['complete {"seven":7,"evaluations":1,"uses":1}']);
    expect(await new DrivenRun(sandbox, 'b').advanceInShort(initialize('one'))).toEqual(['complete {"seven":7,"evaluations":1,"uses":2}']);
  });

  it('given a function of a run that was evicted, when another run calls it through a shared module, then that run is told what it did', async () => {
    const workflowsPath = write({
      'node_modules/big/package.json': '{"name":"big","type":"module","main":"index.js"}',
      'node_modules/big/index.js': 'let kept; export const keep = (given) => { kept = given; }; export const called = () => kept();',
      'index.ts': `
        import { sleep } from '@backstitch/workflow';
        import { called, keep } from 'big';
        export async function giver() { keep(() => sleep(1_000)); await sleep(1); }
        export async function taker() { await called(); }`,
    });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath, sharedModules: ['big'] }) });
    await new DrivenRun(sandbox, 'giver').advance(initialize('giver'));
    await sandbox.evict(['giver']);
    const failure: unknown = expect.objectContaining({ message: 'This function belongs to a run that is here no more.' });
    expect(await new DrivenRun(sandbox, 'taker').result(initialize('taker'))).toMatchObject({ status: 'taskFailed', failure });
  });

  it('given module state that is not shared, when two runs use it, then each has its own', async () => {
    const workflowsPath = write({ 'index.ts': 'let uses = 0; export async function one() { return ++uses; }' });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath }) });
    expect(await new DrivenRun(sandbox, 'a').advanceInShort(initialize('one'))).toEqual(['complete 1']);
    expect(await new DrivenRun(sandbox, 'b').advanceInShort(initialize('one'))).toEqual(['complete 1']);
  });

  it("given a file written for Temporal, when it is bundled, then '@temporalio/workflow' is this project's API", async () => {
    const workflowsPath = write({ 'index.ts': "import { sleep } from '@temporalio/workflow'; export async function one() { await sleep('1 day'); }" });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath }) });
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('one'))).toEqual(['timer #1 86400000']);
  });
});
