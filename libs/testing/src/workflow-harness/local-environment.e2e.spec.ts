import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import { ActivityFailure, CancelledFailure, WorkflowFailedError, WorkflowUpdateFailedError } from '@backstitch/client';
import { acquire, bringBack, close, copyUntilCancelled, desk, inquire, lend, loan, parent, register, remindersSent, reservations, reserve, visitor } from '../../test/harness-workflows/index.js';
import { someoneSubscribesOnARealStack } from '../../test/guides/testing/test-local.js';
import { someoneSubscribes } from '../../test/guides/testing/test-messages.js';
import { guideFile } from '../../test/in-guide.js';
import { bundleOf } from '../../test/library.js';
import { libraryActivities, newLedger, type Ledger } from '../../test/library-activities.js';
import { until } from '../../test/until.js';
import { localServerProgram } from '../local-server/local-server-program.js';
import type { LocalServerSettings } from '../local-server/messages.js';
import { DefaultLogger, ExistingServerHasWorkersError, LocalServerError, LocalWorkflowEnvironment, Runtime, TestWorkflowEnvironment, Worker, type LogEntry } from './index.js';

const START_MS_MAX = 240_000;
const KINDS: [string, () => Promise<TestWorkflowEnvironment>][] = [
  ['in simulated time', async () => TestWorkflowEnvironment.createTimeSkipping()],
  ['on a local stack', async () => TestWorkflowEnvironment.createLocal()],
];

/** The same test, whichever it is given. */
describe.each(KINDS)('a test environment %s', (kind, create) => {
  const taskQueue = 'library';
  const ledger: Ledger = newLedger();
  const logged: string[] = [];
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  let workflowIds = 0;

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('INFO', ({ message }: LogEntry) => void logged.push(message)) });
    environment = await create();
    worker = await Worker.create({ connection: environment.nativeConnection, taskQueue, workflowBundle: await bundleOf(), activities: libraryActivities(ledger) });
    running = worker.run();
  }, START_MS_MAX);
  afterAll(async () => {
    worker?.shutdown();
    await running;
    await environment?.teardown();
    await environment?.teardown();
  }, START_MS_MAX);

  const fresh = (): { taskQueue: string; workflowId: string } => ({ taskQueue, workflowId: `w-${(workflowIds += 1)}` });

  it('given an activity, when a workflow calls it, then it gets what the function answers', async () => {
    expect(await environment.client.workflow.execute(lend, { ...fresh(), args: ['emma'] })).toBe('lent: EMMA');
    expect(ledger.fetched).toEqual(['emma']);
  });

  it('given an activity that refuses, when a workflow fails of it, then its undo has run and the client sees the chain of causes', async () => {
    const error = await environment.client.workflow.execute(acquire, { ...fresh(), args: ['nothing'] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(ActivityFailure);
    expect((error as WorkflowFailedError).cause?.cause).toMatchObject({ message: 'There is no such book', type: 'NoSuchBook', nonRetryable: true });
    expect(ledger).toMatchObject({ bought: ['nothing'], returned: ['nothing'] });
    expect(logged).toContain('There is no such book');
  });

  it('given a local activity, when a workflow calls it, then its function runs in the test’s process', async () => {
    expect(await environment.client.workflow.execute(register, { ...fresh(), args: ['emma'] })).toBe('emma (stamped)');
  });

  it('given timers, when the environment sleeps past them, then they have fired, and signals and queries are answered', async () => {
    const handle = await environment.client.workflow.start(loan, { ...fresh(), args: ['700 ms'] });
    while ((await handle.query(remindersSent)) < 2) await environment.sleep('700 ms');
    await handle.signal(bringBack);
    expect(await handle.result()).toBe(ledger.reminders);
  });

  it('given updates, when they are sent, then each gets its own answer, and a refused one the failure', async () => {
    const handle = await environment.client.workflow.start(desk, fresh());
    expect(await handle.executeUpdate(reserve, { args: ['a'] })).toBe(1);
    await expect(handle.executeUpdate(reserve, { args: [''] })).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    expect(await handle.query(reservations)).toEqual(['A']);
    await handle.signal(close);
    expect(await handle.result()).toEqual(['A']);
  });

  it('given children and signals between runs, when a parent awaits them, then it gets what they answer', async () => {
    expect(await environment.client.workflow.execute(parent, { taskQueue, workflowId: 'elders', args: ['Ann', 'Bob'] })).toEqual(['Ann of elders', 'Bob of elders']);
    expect(await environment.client.workflow.execute(visitor, { taskQueue, workflowId: 'guest', args: ['host'] })).toBe('guest was here');
  });

  it('given an activity at work, when its workflow is cancelled, then it hears of it with a heartbeat and the workflow cleans up', async () => {
    const handle = await environment.client.workflow.start(copyUntilCancelled, fresh());
    while (ledger.copied.length === 0) await environment.sleep(50);
    await handle.cancel();
    const error = await handle.result().catch((thrown: unknown) => thrown);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(ledger.copied).toEqual([{ attempt: 1, from: 0, cancelled: true }]);
    expect(ledger.returned).toContain('all');
  });

  it('given an activity that completes elsewhere, when it is completed by its token, then the workflow goes on', async () => {
    const handle = await environment.client.workflow.start(inquire, fresh());
    while (ledger.taskTokens.length === 0) await environment.sleep(50);
    await environment.client.activity.complete(ledger.taskTokens[0] as Uint8Array, 'try the attic');
    expect(await handle.result()).toBe('the librarian says: try the attic');
  });

  it('given another worker with other code, when it is created, then both serve their task queues', async () => {
    const second = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'annex',
      workflowBundle: await bundleOf('patched-v1'),
      activities: { remindReader: async () => void (ledger.reminders += 10), returnBook: async () => undefined },
    });
    await second.runUntil(async () => {
      const handle = await environment.client.workflow.start('rotate', { taskQueue: 'annex', workflowId: 'rotating' });
      while (ledger.reminders < 10) await environment.sleep(50);
      await handle.terminate();
    });
    expect(await environment.client.workflow.execute(lend, { ...fresh(), args: ['persuasion'] })).toBe('lent: PERSUASION');
  });

  it(`says what it is: ${kind}`, () => {
    expect(environment.supportsTimeSkipping).toBe(!(environment instanceof LocalWorkflowEnvironment));
  });
});

/** Whether somebody listens at that URL's, or address', host and port. */
async function isListening(urlOrAddress: string): Promise<boolean> {
  const { hostname: host, port } = new URL(urlOrAddress.includes('://') ? urlOrAddress : `http://${urlOrAddress}`);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('a local stack', () => {
  const workflowsPath = guideFile('testing/trial.ts');

  it('given the guide’s test, when it is run on one, then it comes to what it does in simulated time', async () => {
    expect(await someoneSubscribesOnARealStack(workflowsPath)).toEqual(['none', 'yearly', 'bob: Welcome', 'bob: You have chosen yearly']);
  }, START_MS_MAX);

  it('given a database of one’s own, when an environment is made on it and torn down, then nothing listens any more, what was written stays, and others can connect meanwhile', async () => {
    const database = await createTestDatabase('local_stack');
    try {
      for (const isFirst of [true, false]) {
        const environment = await TestWorkflowEnvironment.createLocal({ server: { databaseUrl: database.url } });
        expect([environment.databaseUrl, await isListening(environment.address)]).toEqual([database.url, true]);
        if (isFirst) expect(await someoneSubscribes(environment, workflowsPath, '20 seconds')).toContain('yearly');
        const { address, connectionOptions } = environment;
        const again = await TestWorkflowEnvironment.createFromExistingServer({ address, connectionOptions });
        expect((await again.client.workflow.getHandle('trial-bob').describe()).status.name).toBe('COMPLETED');
        await expect(Worker.create({ connection: again.nativeConnection, taskQueue: 'trials', activities: {} })).rejects.toBeInstanceOf(ExistingServerHasWorkersError);
        await again.teardown();
        await environment.teardown();
        expect(await isListening(environment.address)).toBe(false);
      }
    } finally {
      await database.drop();
    }
  }, 2 * START_MS_MAX);

  it('given a database that nobody serves, when an environment is to be made on it, then it is a LocalServerError that says so', async () => {
    const made = TestWorkflowEnvironment.createLocal({ server: { databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' } });
    const error: unknown = await made.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LocalServerError);
    expect((error as Error).message).toContain('ECONNREFUSED');
  }, START_MS_MAX);

  it.each(['has started', 'is starting'])('given a process that is killed without a word, when its stack, which %s, notices, then that ends too, and its files are gone', async (when) => {
    const { file, loaded } = await localServerProgram();
    const folder = mkdtempSync(join(tmpdir(), 'backstitch-local-spec-'));
    const settings: LocalServerSettings = { directory: mkdtempSync(join(tmpdir(), 'backstitch-local-')), port: 0, controlToken: 'token-of-the-specs-alone', taskTokenSecret: 'secret-of-the-specs', searchAttributes: {} };
    const script = `import { fork } from 'node:child_process';
      fork(${JSON.stringify(file)}, [${JSON.stringify(JSON.stringify(settings))}], { detached: true, execArgv: [] }).on('message', (message) => message.type === 'log' || process.send(message));`;
    writeFileSync(join(folder, 'parent.mjs'), script);
    const parent = fork(join(folder, 'parent.mjs'), [], { execArgv: [] });
    const ready = once(parent, 'message') as Promise<[{ type: string; url: string; databaseUrl: string }]>;
    try {
      let databasePid = 0;
      let controlUrl: string | undefined;
      await until('Postgres is there', () => (databasePid = pidOfPostgres(settings.directory)) > 0, START_MS_MAX / 3);
      if (when === 'has started') {
        const [{ type, url, databaseUrl }] = await ready;
        expect([type, await isListening(url), await isListening(databaseUrl)]).toEqual(['ready', true, true]);
        controlUrl = url;
      }
      expect(isRunning(databasePid)).toBe(true);
      parent.kill('SIGKILL');
      await until('the stack has ended', async () => !isRunning(databasePid) && !existsSync(settings.directory) && (controlUrl === undefined || !(await isListening(controlUrl))), START_MS_MAX / 3);
    } finally {
      parent.kill('SIGKILL');
      loaded();
      rmSync(folder, { recursive: true, force: true });
    }
  }, START_MS_MAX);
});

/** 0: there is none yet. */
function pidOfPostgres(directory: string): number {
  const file = join(directory, 'postgres', 'postmaster.pid');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
