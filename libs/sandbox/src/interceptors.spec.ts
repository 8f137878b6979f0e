import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { activation, completed, DrivenRun, fired, initialize } from '../test/sandbox-driver.js';
import { bundleWorkflows, createInThreadSandbox } from './index.js';

/** Written as for Temporal. */
const WORKFLOWS = `
  import { condition, continueAsNew, defineQuery, defineSignal, defineUpdate, executeChild, log, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
  import { ApplicationFailure, Duration } from '@temporalio/common';
  import { decode, encode } from '@temporalio/common/lib/encoding';
  import { left } from 'left-out';
  import assert from 'assert';
  import { inspect } from 'node:util';
  const { greet } = proxyActivities<{ greet(name: string): Promise<string> }>({ startToCloseTimeout: '1 minute' });
  const pause: Duration = '1s';
  export async function greeting(name: string): Promise<string> {
    const words: string[] = [];
    setHandler(defineSignal<[string]>('say'), (word) => void words.push(word));
    setHandler(defineQuery<string[]>('words'), () => words);
    setHandler(defineUpdate<number, [number]>('add'), (n) => n, { validator: (n) => { if (n < 0) throw new Error('no'); } });
    log.info('begun');
    await sleep(pause);
    words.push(await greet(name));
    if (name === 'child') words.push(await executeChild<() => Promise<string>>('other', { workflowId: 'c' }));
    if (name === 'again') await continueAsNew<typeof greeting>('x');
    if (name === 'odd') throw new RangeError('odd name');
    if (name === 'used') left();
    assert.deepStrictEqual([{ a: new Date(1) }], [{ a: new Date(1) }]);
    assert(inspect({ a: 1 }) === '{"a":1}');
    if (name === 'wrong') assert.strictEqual(1, 2);
    return decode(encode(words.join()));
  }
  export default async function anything(...args: unknown[]): Promise<unknown> {
    return args;
  }
  export function interceptors() {
    return { outbound: [{ scheduleActivity: (input, next) => next({ ...input, args: [...input.args, 'own'] }) }] };
  }
`;
const INTERCEPTORS = `
  import { log, workflowInfo, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
  import { defaultPayloadConverter } from '@temporalio/common';
  export const interceptors: WorkflowInterceptorsFactory = () => {
    let user = 'nobody';
    return {
      inbound: [{
        async execute(input, next) {
          const header = input.headers.user;
          if (header !== undefined) user = defaultPayloadConverter.fromPayload(header);
          return next({ ...input, args: input.args.map((arg) => (typeof arg === 'string' ? arg.trim() : arg)) });
        },
        handleSignal: (input, next) => next({ ...input, args: ['«' + input.args[0] + '»'] }),
        handleQuery: async (input, next) => ({ by: user, answer: await next(input) }),
        handleUpdate: async (input, next) => ((await next(input)) as number) + 1,
        validateUpdate: (input, next) => next({ ...input, args: [Number(input.args[0]) - 1] }),
      }],
      outbound: [{
        scheduleActivity: (input, next) => next({ ...input, args: [...input.args, 'first'], headers: { ...input.headers, user: defaultPayloadConverter.toPayload(user) } }),
        startTimer: (input, next) => next({ ...input, durationMs: input.durationMs * 2 }),
        startChildWorkflowExecution: (input, next) => next({ ...input, headers: { user: defaultPayloadConverter.toPayload(user) } }),
        continueAsNew: (input, next) => next({ ...input, args: ['continued'] }),
        getLogAttributes: (input, next) => next({ ...input, user }),
      }],
      internals: [{
        activate(input, next) {
          log.debug('activated', { jobs: input.activation.jobs.length, batchIndex: input.batchIndex });
          next(input);
        },
        concludeActivation: (input, next) => next({ commands: input.commands.map((command) => (command.type === 'startTimer' ? { ...command, summary: workflowInfo().workflowId } : command)) }),
      }],
    };
  };
`;

describe('interceptors, and other options of bundling', () => {
  let directory: string;
  let sandbox: Sandbox;
  let types: string[];
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'backstitch-interceptors-'));
    writeFileSync(join(directory, 'workflows.ts'), WORKFLOWS);
    writeFileSync(join(directory, 'interceptors.ts'), INTERCEPTORS);
    const bundle = await bundleWorkflows({
      workflowsPath: join(directory, 'workflows.ts'),
      workflowInterceptorModules: [join(directory, 'interceptors.ts')],
      workflowFailureErrorTypes: ['RangeError'],
      ignoreModules: ['left-out'],
    });
    types = bundle.workflowTypes;
    sandbox = createInThreadSandbox({ bundle });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function begin(name: string): Promise<unknown> {
    const given = activation('run', [initialize('greeting', [`  ${name}`])]);
    const [result] = await sandbox.activate([{ ...given, info: { ...given.info, lineage: { headers: { user: 'ann' } } } }]);
    return result;
  }

  it('given a module with workflows, a default one and interceptors, when it is bundled, then only workflows are types', () => {
    expect(types.toSorted()).toEqual(['default', 'greeting']);
  });

  it('given interceptors, when a run goes on, then they stand before what comes and what goes, the bundler’s first outermost, and headers go along', async () => {
    expect(await begin('you')).toMatchObject({
      commands: [{ type: 'startTimer', durationMs: 2_000, summary: 'workflow-run' }],
      logs: [{ message: 'activated', attributes: { jobs: 1, batchIndex: 0 } }, { message: 'begun', attributes: { user: 'ann', workflowId: 'workflow-run', namespace: 'default' } }],
    });
    const run = new DrivenRun(sandbox);
    expect(await run.advance(fired(1))).toMatchObject([{ activityType: 'greet', args: ['you', 'first', 'own'], headers: { user: 'ann' } }]);
    expect(
      await run.result(
        { type: 'signalWorkflow', signalName: 'say', args: ['hi'] },
        { type: 'doUpdate', updateId: 'u1', updateName: 'add', args: [5], runValidator: true },
        { type: 'doUpdate', updateId: 'u2', updateName: 'add', args: [0], runValidator: true },
        { type: 'queryWorkflow', queryId: 'q', queryName: 'words', args: [] },
      ),
    ).toMatchObject({
      commands: [{ type: 'acceptUpdate', updateId: 'u1' }, { type: 'rejectUpdate', updateId: 'u2' }, { type: 'completeUpdate', outcome: { result: 6 } }],
      queryAnswers: [{ queryId: 'q', status: 'answered', result: { by: 'ann', answer: ['«hi»'] } }],
    });
    expect(await run.advanceInShort(completed(1, 'hello'))).toEqual(['complete "«hi»,hello"']);
  });

  it('given interceptors, when children are started and runs continue, then they stand before these too', async () => {
    await begin('child');
    const run = new DrivenRun(sandbox);
    await run.advance(fired(1));
    expect(await run.advance(completed(1, 'x'))).toMatchObject([{ type: 'startChildWorkflow', headers: { user: 'ann' } }]);
    await begin('again');
    await run.advance(fired(1));
    expect(await run.advance(completed(1, 'x'))).toMatchObject([{ type: 'continueAsNew', args: ['continued'] }]);
  });

  it('given names of error classes, when a workflow throws one, then it fails instead of its task', async () => {
    await begin('odd');
    const run = new DrivenRun(sandbox);
    await run.advance(fired(1));
    expect(await run.advanceInShort(completed(1, 'x'))).toEqual(['fail RangeError']);
  });

  it('given a module that is left out, when something of it is used, then that throws', async () => {
    await begin('used');
    const run = new DrivenRun(sandbox);
    await run.advance(fired(1));
    expect(await run.result(completed(1, 'x'))).toMatchObject({ status: 'taskFailed', failure: { message: expect.stringContaining('left-out is left out') } });
  });

  it('given assert and util of Node, when workflow code imports them, then it gets harmless ones; what does not hold fails the task', async () => {
    await begin('wrong');
    const run = new DrivenRun(sandbox);
    await run.advance(fired(1));
    expect(await run.result(completed(1, 'x'))).toMatchObject({ status: 'taskFailed', failure: { message: '1 strictEqual 2', applicationFailureInfo: { type: 'AssertionError' } } });
  });

  it('given a default workflow, when another type is started, then it runs', async () => {
    expect(await new DrivenRun(sandbox, 'any').advanceInShort(initialize('whatever', [1, 2]))).toEqual(['complete [1,2]']);
    expect(await new DrivenRun(sandbox, 'own').advanceInShort(initialize('interceptors', [3]))).toEqual(['complete [3]']);
  });
});
