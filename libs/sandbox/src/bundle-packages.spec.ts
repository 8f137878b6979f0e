import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DrivenRun, fired, initialize } from '../test/sandbox-driver.js';
import { bundleWorkflows, createInThreadSandbox, createSandbox, type WorkflowBundle } from './index.js';

describe('packages in a bundle', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'backstitch-packages-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (files: Record<string, string>): string => {
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), contents);
    }
    return join(directory, 'index.ts');
  };
  const installProtobufjs = (): void => {
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(dirname(createRequire(import.meta.url).resolve('protobufjs/package.json')), join(directory, 'node_modules', 'protobufjs'));
  };
  const resultOf = async (bundle: WorkflowBundle): Promise<string[]> => new DrivenRun(createInThreadSandbox({ bundle })).advanceInShort(initialize('one'));

  it('given a package that has one build for Node and one for browsers, when it is bundled, then the one for browsers is taken, and what it leaves out is nothing', async () => {
    const workflowsPath = write({
      'index.ts': "import { system, files } from 'reader'; export async function one() { return [system, Object.keys(files)]; }",
      'node_modules/reader/package.json': JSON.stringify({ name: 'reader', main: 'index.js', browser: { './system.js': './no-system.js', fs: false } }),
      'node_modules/reader/index.js': "exports.system = require('./system.js'); exports.files = require('fs');",
      'node_modules/reader/system.js': "module.exports = require('os').hostname();",
      'node_modules/reader/no-system.js': "module.exports = 'none';",
    });
    expect(await resultOf(await bundleWorkflows({ workflowsPath }))).toEqual(['complete ["none",[]]']);
  });

  it('given a package that does without Node, when it is bundled, then its build for browsers is not looked at', async () => {
    const workflowsPath = write({
      'index.ts': "import { where } from 'place'; export async function one() { return where; }",
      'node_modules/place/package.json': JSON.stringify({ name: 'place', main: 'index.js', browser: 'browser.js' }),
      'node_modules/place/index.js': "exports.where = 'anywhere';",
      'node_modules/place/browser.js': "exports.where = 'browser';",
    });
    expect(await resultOf(await bundleWorkflows({ workflowsPath }))).toEqual(['complete "anywhere"']);
  });

  it('given a package that has builds for Node and for browsers, and no other, when it is bundled, then the one for browsers is taken', async () => {
    const workflowsPath = write({
      'index.ts': "import { where } from 'either'; export async function one() { return where; }",
      'node_modules/either/package.json': JSON.stringify({ name: 'either', exports: { node: './node.js', browser: './browser.js' } }),
      'node_modules/either/node.js': "exports.where = require('os').hostname();",
      'node_modules/either/browser.js': "exports.where = 'browser';",
    });
    expect(await resultOf(await bundleWorkflows({ workflowsPath }))).toEqual(['complete "browser"']);
  });

  it('given a package that has no build without Node, when it is bundled, then it is refused as ever', async () => {
    const workflowsPath = write({
      'index.ts': "import { where } from 'disk'; export async function one() { return where; }",
      'node_modules/disk/package.json': JSON.stringify({ name: 'disk', main: 'index.js', browser: 'browser.js' }),
      'node_modules/disk/index.js': "exports.where = require('fs').existsSync('/');",
      'node_modules/disk/browser.js': "exports.where = require('os').hostname();",
    });
    await expect(bundleWorkflows({ workflowsPath })).rejects.toThrow('index.ts → node_modules/disk/index.js → fs');
  });

  it('given a package whose build for browsers throws, when it is bundled, then the error says that too why that build was taken', async () => {
    const workflowsPath = write({
      'index.ts': "import { where } from 'disk'; export async function one() { return where; }",
      'node_modules/disk/package.json': JSON.stringify({ name: 'disk', main: 'index.js', browser: 'browser.js' }),
      'node_modules/disk/index.js': "exports.where = require('fs').existsSync('/');",
      'node_modules/disk/browser.js': "throw new Error('no window');",
    });
    const failed = bundleWorkflows({ workflowsPath });
    await expect(failed).rejects.toThrow('no window');
    await expect(failed).rejects.toThrow('index.ts → node_modules/disk/index.js → fs');
  });

  it('given a library that sets a global and then uses its bare name, when it runs, then it finds it; another run does not', async () => {
    const workflowsPath = write({
      'index.ts': `
        declare const performance: { now(): number } | undefined;
        const before = typeof performance;
        Object.assign(globalThis, { performance: { now: () => 5 } });
        export async function one() { return [before, performance!.now()]; }`,
    });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath }) });
    for (const runId of ['first', 'second']) {
      expect(await new DrivenRun(sandbox, runId).advanceInShort(initialize('one'))).toEqual(['complete ["undefined",5]']);
    }
  });

  it('given Temporal’s interceptors for OpenTelemetry, when they are bundled, then they get the real authoring API, and the run’s time for a clock', async () => {
    const telemetry = 'node_modules/@temporalio/interceptors-opentelemetry-v2';
    const workflowsPath = write({
      'index.ts': "import { info, clock } from '@temporalio/interceptors-opentelemetry-v2/lib/workflow'; export async function one() { return [info().workflowType, clock()]; }",
      [`${telemetry}/package.json`]: JSON.stringify({ name: '@temporalio/interceptors-opentelemetry-v2' }),
      [`${telemetry}/lib/workflow/index.js`]: "require('./performance-polyfill'); exports.clock = () => typeof performance.now(); exports.info = require('./workflow-imports').workflowInfo;",
      [`${telemetry}/lib/workflow/performance-polyfill.js`]: '',
      [`${telemetry}/lib/workflow/workflow-imports.js`]: "exports.workflowInfo = () => { throw new Error('a stand-in'); };",
      [`${telemetry}/lib/workflow/workflow-imports-impl.js`]: "exports.workflowInfo = require('@temporalio/workflow').workflowInfo;",
    });
    expect(await resultOf(await bundleWorkflows({ workflowsPath }))).toEqual(['complete ["test","number"]']);
  });

  it('given a program whose folders are named as those of the protobuf converters, when it is bundled, then its modules are its own', async () => {
    write({
      'workflow/src/common.ts': "export const whose = 'mine';",
      'workflow/src/protobufs/names.ts': "export { whose } from '../common.js';",
      'index.ts': "import { whose } from './workflow/src/protobufs/names.js'; export async function one() { return whose; }",
    });
    expect(await resultOf(await bundleWorkflows({ workflowsPath: join(directory, 'index.ts') }))).toEqual(['complete "mine"']);
  });

  it('given a converter that knows only the classes of its own run, when runs end, answer and update out of turn, then each is converted by its own', async () => {
    const workflowsPath = write({
      'point.ts': 'export class Point { constructor(readonly x: number) {} }',
      'converter.ts': `
        import { CompositePayloadConverter, JsonPayloadConverter, encode } from '@backstitch/workflow/common';
        import { Point } from './point.js';
        class Points {
          encodingType = 'json/plain' as const;
          toPayload(value: unknown) {
            return value instanceof Point ? { metadata: { encoding: encode('json/plain') }, data: encode(JSON.stringify('point ' + value.x)) } : undefined;
          }
          fromPayload(payload: never) { return new JsonPayloadConverter().fromPayload(payload); }
        }
        export const payloadConverter = new CompositePayloadConverter(new Points() as never, new JsonPayloadConverter());`,
      'index.ts': `
        import { defineQuery, defineUpdate, setHandler, sleep } from '@backstitch/workflow';
        import { Point } from './point.js';
        export async function one() {
          setHandler(defineQuery('where'), () => new Point(1));
          setHandler(defineUpdate('move'), async () => new Point(2));
          await sleep(5);
          return new Point(3);
        }`,
    });
    const sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath, payloadConverterPath: join(directory, 'converter.ts') }) });
    const [first, second] = [new DrivenRun(sandbox, 'first'), new DrivenRun(sandbox, 'second')];
    for (const run of [first, second]) await run.advance(initialize('one'));
    for (const run of [first, second]) {
      const { queryAnswers } = (await run.result({ type: 'queryWorkflow', queryId: 'q', queryName: 'where', args: [] })) as { queryAnswers: unknown };
      expect(queryAnswers).toEqual([{ queryId: 'q', status: 'answered', result: 'point 1' }]);
      expect(await run.advanceInShort({ type: 'doUpdate', updateId: 'u', updateName: 'move', args: [], runValidator: true })).toEqual(['accept u', 'update u completed "point 2"']);
      expect(await run.advanceInShort(fired(1))).toEqual(['complete "point 3"']);
    }
  });

  it('given protobufjs, when it is bundled, then it can make its functions, in both kinds of sandbox', async () => {
    const workflowsPath = write({
      'index.ts': `
        import { Root } from 'protobufjs/light';
        const Note = Root.fromJSON({ nested: { Note: { fields: { text: { type: 'string', id: 1 } } } } }).lookupType('Note');
        export async function one() { return Array.from(Note.encode(Note.create({ text: 'a' })).finish()); }`,
    });
    installProtobufjs();
    const bundle = await bundleWorkflows({ workflowsPath });
    expect(bundle.generatesCode).toBe(true);
    expect(await resultOf(bundle)).toEqual(['complete [10,1,97]']);
    expect(await resultOf(await bundleWorkflows({ workflowsPath, sharedModules: ['protobufjs/light'] }))).toEqual(['complete [10,1,97]']);
    const threads = await createSandbox({ bundle });
    try {
      expect(await new DrivenRun(threads).advanceInShort(initialize('one'))).toEqual(['complete [10,1,97]']);
    } finally {
      await threads.close();
    }
  });

  it('given workflow code beside protobufjs, when it makes a function of text itself, by whatever constructor, then it is refused as ever', async () => {
    const workflowsPath = write({
      'index.ts': `
        import { Root } from 'protobufjs/light';
        const outcome = (make: () => unknown): string => {
          try { return typeof make(); } catch (error) { return (error as Error).name; }
        };
        export async function one() {
          const kinds = [Function, (() => 1).constructor, Root.constructor, (function* () {}).constructor, (async () => 1).constructor, (async function* () {}).constructor] as FunctionConstructor[];
          const made = kinds.map((kind) => outcome(() => kind('return import("node:fs")')));
          return [...made, outcome(() => new Function('return this')), Root instanceof Function, (function* () {}).constructor.name, Function.prototype.constructor === Function];
        }`,
    });
    installProtobufjs();
    const bundle = await bundleWorkflows({ workflowsPath });
    expect(bundle.generatesCode).toBe(true);
    const refused = Array<string>(7).fill('EvalError');
    expect(await resultOf(bundle)).toEqual([`complete ${JSON.stringify([...refused, true, 'GeneratorFunction', true])}`]);
  });
});
