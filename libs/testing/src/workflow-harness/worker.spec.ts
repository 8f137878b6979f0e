import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { activityInfo, log } from '@backstitch/activity';
import { Client, Connection } from '@backstitch/client';
import { defaultPayloadConverter } from '@backstitch/workflow/common';
import { lend, register } from '../../test/harness-workflows/index.js';
import { workflowsFile } from '../../test/library.js';
import { bundleWorkflowCode, DefaultLogger, loadClientConnectConfig, Runtime, TestWorkflowEnvironment, Worker, type ActivityInterceptors, type LogEntry, type WorkerPlugin } from './index.js';

describe('interceptors of a worker and its client', () => {
  it('given interceptors of client, workflow and activity, when a workflow runs, then a header goes all the way, each sees its call, and sinks hear of it', async () => {
    const seen: string[] = [];
    const noted: string[] = [];
    const lines: LogEntry[] = [];
    Runtime.install({ logger: new DefaultLogger('INFO', (entry) => void lines.push(entry)) });
    const environment = await TestWorkflowEnvironment.createTimeSkipping({
      client: { interceptors: { workflow: [{ startWithDetails: async (input, next) => next({ ...input, headers: { ...input.headers, trace: defaultPayloadConverter.toPayload('t1') } }) }] } },
    });
    const traced =
      (name: string) =>
      (): ActivityInterceptors => ({
        inbound: {
          async execute(input, next) {
            const trace = input.headers.trace === undefined ? 'none' : defaultPayloadConverter.fromPayload<string>(input.headers.trace);
            seen.push(`${name} ${activityInfo().activityType} ${trace}`);
            return `${name}(${String(await next({ ...input, args: input.args.map((value) => `${String(value)}!`) }))})`;
          },
        },
        outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, [name]: true }) },
      });
    const activities = {
      fetchBook: async (title: string) => {
        log.info('fetching', { title });
        return title;
      },
      stamp: async (title: string) => title,
    };
    const plugin: WorkerPlugin = { name: 'sinks', configureWorker: (options) => ({ ...options, sinks: { traces: { note: { fn: (_info: unknown, text: string) => void noted.push(text) } } } }) };
    const worker = await Worker.create({
      taskQueue: 'q',
      workflowsPath: workflowsFile(),
      activities,
      plugins: [plugin],
      interceptors: { activity: [traced('outer'), traced('inner')], workflowModules: [workflowsFile('trace-interceptors')] },
      maxConcurrentActivityTaskExecutions: 1,
    });
    await worker.runUntil(async () => {
      expect(await environment.client.workflow.execute(lend, { taskQueue: 'q', workflowId: 'w', args: ['emma'] })).toBe('lent: outer(inner(emma!!))');
      expect(await environment.client.workflow.execute(register, { taskQueue: 'q', workflowId: 'l', args: ['emma'] })).toBe('outer(inner(emma!!))');
    });
    await environment.teardown();
    expect(seen).toEqual(['outer fetchBook t1/fetchBook', 'inner fetchBook t1/fetchBook', 'outer stamp t1/stamp', 'inner stamp t1/stamp']);
    expect(noted).toEqual(['lend with t1', 'register with t1']);
    expect(lines.find(({ message }) => message === 'fetching')?.meta).toMatchObject({ activityType: 'fetchBook', outer: true, inner: true, title: 'emma!!' });
  });
});

describe('bundles that are kept', () => {
  it('given the text of a bundle in a file, when a worker is made of that file, or of the text, then its workflows run', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-bundle-'));
    const environment = await TestWorkflowEnvironment.createTimeSkipping();
    try {
      const { code, sourceMap } = await bundleWorkflowCode({ workflowsPath: workflowsFile() });
      const codePath = join(directory, 'workflow-bundle.js');
      writeFileSync(codePath, code);
      expect(sourceMap).toContain('plain-workflows');
      for (const workflowBundle of [{ codePath }, { code }]) {
        const worker = await Worker.create({ taskQueue: 'q', workflowBundle, activities: { fetchBook: async (title: string) => title } });
        expect(await worker.runUntil(environment.client.workflow.execute(lend, { taskQueue: 'q', workflowId: Object.keys(workflowBundle).join(), args: ['emma'] }))).toBe('lent: emma');
      }
    } finally {
      await environment.teardown();
      rmSync(directory, { recursive: true });
    }
  });
});

describe('programs that make connections of their own', () => {
  it('given a client script as Temporal’s samples have them, when it connects without an address, then it reaches the environment that was made last', async () => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping();
    const worker = await Worker.create({ taskQueue: 'q', workflowsPath: workflowsFile(), activities: { fetchBook: async (title: string) => title } });
    await worker.runUntil(async () => {
      const config = loadClientConnectConfig();
      const connection = await Connection.connect(config.connectionOptions);
      const client = new Client({ connection, namespace: config.namespace, plugins: [{ configureClient: (options) => ({ ...options, identity: 'plugged' }) }] });
      expect(client.options.identity).toBe('plugged');
      expect(await client.workflow.execute(lend, { taskQueue: 'q', workflowId: 'w', args: ['emma'] })).toBe('lent: emma');
      await connection.close();
    });
    await environment.teardown();
  });
});
