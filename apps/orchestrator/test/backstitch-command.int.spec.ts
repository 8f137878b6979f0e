import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '@backstitch/cli';
import { bundleWorkflows } from '@backstitch/orchestrator';
import { makeTaskToken, taskTokenText } from '@backstitch/protocol/task-token';
import { createTestDatabase, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import pg from 'pg';
import { startOrchestrator } from '../src/start-orchestrator.js';

const TOKEN = 'a-token-of-the-control-wire';
const TASK_TOKEN_SECRET = 'a-secret-of-task-tokens';
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };

/** Nobody serves the queue: what the activities come to, the command says. */
const WORKFLOWS = `import { ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, proxyActivities, saga, setHandler } from '@backstitch/workflow';
const { weigh } = proxyActivities({ taskQueue: 'inventory', startToCloseTimeout: '1h', retry: { maximumAttempts: 2 } });
const { unweigh } = proxyActivities({ taskQueue: 'inventory.compensation', startToCloseTimeout: '1h' });

export async function adding(start = 0) {
  let sum = start;
  let done = false;
  setHandler(defineUpdate('add'), (value) => (sum += value), { validator: (value) => { if (value < 0) throw new ApplicationFailure('less than nothing', 'Negative'); } });
  setHandler(defineSignal('plus'), (value) => { sum += value; });
  setHandler(defineSignal('finish'), () => { done = true; });
  setHandler(defineQuery('sum'), () => ({ sum }));
  await condition(() => done);
  return { sum };
}
export async function weighing(what) {
  return weigh(what);
}
export async function undoing() {
  return saga(async (s) => {
    await s.step(weigh, 'it', { undo: unweigh });
    throw ApplicationFailure.nonRetryable('too heavy', 'TooHeavy');
  });
}
export async function broken() {
  throw new TypeError('a slip');
}
`;

/** Writes JSON backwards. */
const CODEC = `const reversed = (text) => [...text].reverse().join('');
export const payloadCodec = { encode: (values) => values.map((value) => reversed(JSON.stringify(value))), decode: (values) => values.map((value) => JSON.parse(reversed(value))) };`;

describe('the backstitch command on an orchestrator', () => {
  let directory: string;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let service: RunningService<unknown>;

  async function run(args: readonly string[], environment: Record<string, string> = {}): Promise<{ exitCode: number; out: string; err: string }> {
    const told = { out: '', err: '' };
    const exitCode = await runCli(args, {
      environment: { BACKSTITCH_URL: service.url, BACKSTITCH_TOKEN: TOKEN, BACKSTITCH_IDENTITY: 'ann', ...environment },
      write: (text) => (told.out += text),
      writeError: (text) => (told.err += text),
    });
    return { exitCode, ...told };
  }
  /** What a command that succeeds prints. */
  async function said(...args: string[]): Promise<string> {
    const { exitCode, out, err } = await run(args);
    expect([exitCode, err]).toEqual([0, '']);
    return out;
  }
  // What is answered is looked into; a wrong look fails there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const json = async (...args: string[]): Promise<any> => JSON.parse(await said(...args, '--json'));
  const activityOf = async (workflowId: string): Promise<{ activityId: string; status: string; attempt: number; paused?: boolean }> => (await json('describe', workflowId)).activities[0];
  const fresh = (label: string): string => `${label}/${randomUUID()}`;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'backstitch-command-'));
    await writeFile(join(directory, 'source.js'), WORKFLOWS);
    await writeFile(join(directory, 'codec.mjs'), CODEC);
    await writeFile(join(directory, 'workflows.json'), JSON.stringify(await bundleWorkflows({ workflowsPath: join(directory, 'source.js') })));
    database = await createTestDatabase('command');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE SCHEMA orchestrator');
    await client.end();
    service = await startOrchestrator(pathToFileURL(join(directory, 'main.ts')).href, {
      env: { DATABASE_URL: database.url, PORT: '0', CONTROL_TOKEN: TOKEN, TASK_TOKEN_SECRET, REDIS_URL: testRedisUrl(), QUEUE_PREFIX: `command-${randomUUID().slice(0, 8)}`, BUILD_ID: 'b1' },
      process: noProcess,
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
    });
  });
  afterAll(async () => {
    await service?.stop();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('given a workflow, when it is started, spoken to and waited for, then each command does what it says', async () => {
    const id = fresh('adding');
    expect(await said('start', 'adding', '--id', id, '-i', '1', '--search-attribute', 'CustomerId=17850', '--memo', '{"note":"n"}')).toContain(`Workflow  ${id}`);
    expect(await said('signal', id, 'plus', '-i', '2')).toBe('Sent.\n');
    expect(JSON.parse(await said('update', id, 'add', '-i', '4', '--update-id', 'u'))).toBe(7);
    expect(JSON.parse(await said('update', id, 'add', '-i', '4', '--update-id', 'u'))).toBe(7);
    expect(await run(['update', id, 'add', '-i', '-1'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('less than nothing') });
    expect(JSON.parse(await said('query', id, 'sum'))).toEqual({ sum: 7 });
    expect(await run(['query', id, 'nothing'])).toMatchObject({ exitCode: 1 });
    expect(await said('stack', id)).toMatch(/condition/i);
    expect(await run(['result', id, '--timeout-ms', '1'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('still running') });
    expect(await said('list', '--query', `CustomerId = '17850' AND WorkflowId = '${id}'`)).toMatch(/ adding +RUNNING /);
    expect(await said('count', '--query', `WorkflowId = '${id}'`)).toBe('1\n');
    expect(await said('describe', id)).toMatch(/Attributes +\{"CustomerId":\["17850"\]\}\nMemo +\{"note":"n"\}/);
    expect(await said('info')).toMatch(/adding, broken, undoing, weighing/);
    await said('signal', id, 'finish');
    expect(JSON.parse(await said('result', id))).toEqual({ sum: 7 });
    expect(await said('history', id)).toMatch(/WORKFLOW_EXECUTION_UPDATE_COMPLETED +add\n/);
    expect(await run(['signal', id, 'plus'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('COMPLETED') });
  });

  it('given many workflows, when more are listed than one page holds, then all are', async () => {
    expect(await json('list', '--limit', '700')).toEqual(expect.any(Array));
    expect(await json('incidents', '--limit', '700')).toEqual(expect.any(Array));
  });

  it('given a start with a signal or an update, when it is made twice, then the second goes to the workflow of the first', async () => {
    const id = fresh('together');
    const signal = ['signal-with-start', 'adding', 'plus', '--id', id, '-i', '10', '--signal-input', '1'];
    const first = await json(...signal);
    expect(await json(...signal)).toEqual(first);
    expect(JSON.parse(await said('update-with-start', 'adding', 'add', '--id', id, '-i', '10', '--update-input', '5'))).toBe(17);
    const other = fresh('new');
    expect(JSON.parse(await said('update-with-start', 'adding', 'add', '--id', other, '-i', '100', '--update-input', '5'))).toBe(105);
    expect(await run(['update-with-start', 'adding', 'add', '--id', other, '--id-conflict-policy', 'FAIL', '--update-input', '5'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('taken') });
  });

  it('given an activity that nobody serves, when it is paused, resumed, retried, failed and completed by its ids, then it is, and the history says who and why', async () => {
    const id = fresh('weighing');
    await said('start', 'weighing', '--id', id, '-i', '"tea"');
    const { activityId } = await activityOf(id);
    await said('activity', 'pause', id, activityId, '--reason', 'wait');
    expect(await activityOf(id)).toMatchObject({ paused: true });
    await said('activity', 'resume', id, activityId, '--reason', 'go on');
    expect((await activityOf(id)).paused).not.toBe(true);
    await said('activity', 'retry', id, activityId, '--reason', 'now');
    expect(await said('activity', 'complete', id, activityId, '--result', '{"grams":5}', '--reason', 'weighed by hand')).toBe('Completed.\n');
    expect(JSON.parse(await said('result', id))).toEqual({ grams: 5 });
    const events: { attributes: { signalName?: string; input?: object[] } }[] = (await json('history', id)).events;
    expect(events.flatMap(({ attributes }) => (attributes.signalName === '__backstitch_activity_action' ? attributes.input : []))).toEqual([
      expect.objectContaining({ action: 'pause', reason: 'wait', identity: 'ann' }),
      expect.objectContaining({ action: 'unpause', reason: 'go on', identity: 'ann' }),
      expect.objectContaining({ action: 'retry', reason: 'now', identity: 'ann' }),
      expect.objectContaining({ action: 'complete', reason: 'weighed by hand', identity: 'ann' }),
    ]);
    const failing = fresh('failing');
    await said('start', 'weighing', '--id', failing);
    await said('activity', 'fail', failing, '1', '--message', 'no scales', '--type', 'NoScales', '--non-retryable', '--details', '[1]', '--reason', 'none there');
    expect(await run(['result', failing])).toMatchObject({ exitCode: 1, err: expect.stringMatching(/ended as FAILED: .*NoScales: no scales/) });
    expect(await run(['activity', 'complete', failing, '1'])).toMatchObject({ exitCode: 1 });
  });

  it('given the task token of an activity, when it is completed by it, then the token is enough, and one that was not made here is refused', async () => {
    const id = fresh('token');
    const { runId } = await json('start', 'weighing', '--id', id);
    const taskToken = taskTokenText(makeTaskToken(TASK_TOKEN_SECRET, { workflowId: id, runId, activityId: '1', attempt: 1 }));
    const forged = taskTokenText(makeTaskToken('another-secret-of-them', { workflowId: id, runId, activityId: '1', attempt: 1 }));
    expect(await run(['activity', 'complete'], { BACKSTITCH_TASK_TOKEN: forged })).toMatchObject({ exitCode: 1 });
    const beat = await run(['activity', 'heartbeat', '--details', '3'], { BACKSTITCH_TASK_TOKEN: taskToken });
    expect([beat.exitCode, JSON.parse(beat.out)]).toEqual([0, { cancelRequested: false, paused: false }]);
    await writeFile(join(directory, 'token'), `${taskToken}\n`, { mode: 0o600 });
    expect(await run(['activity', 'complete', '--result', '5', '--task-token-file', join(directory, 'token')])).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(await said('result', id))).toBe(5);
  });

  it('given runs whose code throws, when their incidents are listed and rolled back together, then all are ended, and the history says why', async () => {
    const ids = [fresh('broken'), fresh('broken')];
    for (const id of ids) await said('start', 'broken', '--id', id);
    expect(await said('describe', ids[0] ?? '')).toMatch(/Incident 1: A workflow task failed: a slip\n +at .*source\.js:\d+:\d+/);
    expect(await json('incidents', '--workflow-type', 'broken')).toHaveLength(2);
    expect(await json('incidents', '--workflow-type', 'broken', '--kind', 'UNDO_FAILED')).toEqual([]);
    expect(await said('resolve', ids[0] ?? '', '1', 'retry', '--reason', 'once more')).toBe('Resolved.\n');
    expect(await json('resolve-all', 'rollback', '--workflow-type', 'broken', '--reason', 'given up', '--dry-run')).toHaveLength(2);
    expect(await said('resolve-all', 'rollback', '--workflow-type', 'broken', '--reason', 'given up')).toBe('2 resolved.\n');
    expect(await said('incidents', '--workflow-type', 'broken')).toBe('No open incidents.\n');
    expect((await json('describe', ids[0] ?? '')).incidents.at(-1).resolution).toMatchObject({ action: 'rollback', reason: 'given up', identity: 'ann' });
  });

  it('given a saga, when its undo is failed, then the incident is resolved by skipping it, and describe shows what it takes back', async () => {
    const id = fresh('undoing');
    await said('start', 'undoing', '--id', id);
    await said('activity', 'complete', id, '1', '--result', '1');
    expect(await said('describe', id)).toMatch(/UNDO +TYPE[^\n]*TAKES BACK\n2 +unweigh +SCHEDULED +1 .*weigh\n/);
    await said('activity', 'fail', id, '2', '--message', 'gone', '--non-retryable');
    const [incident] = await json('incidents', '--kind', 'UNDO_FAILED');
    expect(incident).toMatchObject({ workflowId: id, incidentNumber: 1 });
    await said('resolve', id, '1', 'skip', '--reason', 'done by hand');
    expect(await run(['result', id])).toMatchObject({ exitCode: 1, err: expect.stringContaining('TooHeavy: too heavy') });
  });

  it('given a run, when it is paused, resumed, reset, forked, cancelled and terminated, then each command does what it says', async () => {
    const id = fresh('held');
    await said('start', 'adding', '--id', id);
    expect(await said('pause', id, '--reason', 'wait')).toBe('Paused.\n');
    expect(await said('describe', id)).toContain('RUNNING, paused: wait');
    expect(await said('resume', id, '--reason', 'go on')).toBe('It goes on.\n');
    await said('signal', id, 'plus', '-i', '3');
    const reset = await json('reset', id, '--event-id', '4', '--reason', 'again');
    expect(JSON.parse(await said('query', id, 'sum'))).toEqual({ sum: 3 });
    const copy = fresh('copy');
    const { historyEvents } = await json('describe', id);
    await said('fork', id, copy, '--event-id', String(historyEvents), '--reason', 'a copy', '--reapply', 'NONE');
    expect((await json('describe', id)).runId).toBe(reset.runId);
    expect((await json('describe', copy)).status).toBe('RUNNING');
    expect(await said('terminate', copy, '--reason', 'enough', '--rollback')).toBe('Terminated. Nothing is to be undone.\n');
    expect(await said('cancel', id)).toBe('Asked for.\n');
    expect(await run(['result', id])).toMatchObject({ exitCode: 1, err: expect.stringContaining('CANCELED') });
  });

  it('given a schedule, when it is made, changed, triggered, backfilled, paused and deleted, then each command does what it says', async () => {
    const id = fresh('nightly');
    // Its hour does not strike meanwhile.
    const offsetMs = (new Date().getUTCMinutes() < 30 ? 45 : 15) * 60_000;
    await said('schedule', 'create', id, '--workflow-type', 'adding', '-i', '1', '--cron', '0 2 * * *', '--timezone', 'Europe/London', '--note', 'for the night');
    expect(await said('schedule', 'list')).toContain(id);
    await said('schedule', 'update', id, '--every-ms', '3600000', '--offset-ms', String(offsetMs), '--overlap', 'ALLOW_ALL', '--remaining-actions', '9', '-i', '2');
    const changed = await json('schedule', 'describe', id);
    expect(changed.schedule).toMatchObject({ spec: { intervals: [{ everyMs: 3_600_000, offsetMs }], timezone: 'Europe/London' }, action: { args: [2], workflowType: 'adding' }, policies: { overlap: 'ALLOW_ALL' }, state: { remainingActions: 9, note: 'for the night' } });
    expect(changed.schedule.spec.cronExpressions).toBeUndefined();
    await said('schedule', 'trigger', id);
    await said('schedule', 'backfill', id, '--start', '2026-01-01T00:00:00Z', '--end', '2026-01-01T01:50:00Z');
    const { recentActions } = await json('schedule', 'describe', id);
    expect(recentActions).toHaveLength(3);
    expect(JSON.parse(await said('query', recentActions[0].execution.workflowId, 'sum'))).toEqual({ sum: 2 });
    await said('schedule', 'pause', id, '--note', 'rest');
    expect(await said('schedule', 'describe', id)).toContain('paused: rest');
    await said('schedule', 'resume', id);
    await said('schedule', 'delete', id);
    expect(await run(['schedule', 'describe', id])).toMatchObject({ exitCode: 1 });
    expect(await run(['schedule', 'create', id, '--workflow-type', 'nothing', '--every-ms', '5'])).toMatchObject({ exitCode: 1, err: expect.stringContaining('nothing') });
  });

  it('given a codec, when a workflow is started and shown, then the history holds only what it made, and the command shows what was meant', async () => {
    const id = fresh('coded');
    const codec = ['--codec', join(directory, 'codec.mjs')];
    await said('start', 'weighing', '--id', id, '-i', '"private"', ...codec);
    expect(await said('describe', id)).not.toContain('private');
    expect(await said('describe', id, ...codec)).toContain('["private"]');
    expect(await said('history', id, '--attributes', ...codec)).toContain('"private"');
    await writeFile(join(directory, 'coded.json'), await said('history', id, '--json'));
    const replayed = await run(['replay', '--workflows', join(directory, 'source.js'), '--history', join(directory, 'coded.json'), ...codec]);
    expect(replayed).toMatchObject({ exitCode: 0, out: expect.stringContaining('Nothing would break.') });
  });

  it('given a build, when it is set and unset, then the list says so', async () => {
    expect(await said('deployment', 'list')).toMatch(/^BUILD.*\nb1 +newest +1 /);
    await said('deployment', 'set-current', 'b1');
    expect(await said('deployment', 'list')).toMatch(/b1 +set /);
    await said('deployment', 'unset-current');
    expect(await run(['deployment', 'set-current', 'nobody-runs-it'])).toMatchObject({ exitCode: 1 });
  });
});
