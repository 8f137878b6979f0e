import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorUnreachableError, type ControlCall } from '@backstitch/client';
import { IncidentAlreadyResolvedError, WorkflowNotFoundError } from '@backstitch/protocol';
import { bundleOf, historyOf, writeVersion } from '../test/versions.js';
import { runCli } from './index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'backstitch-cli-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** The command with a control API that answers as told. */
async function run(args: readonly string[], answer: (call: ControlCall) => unknown = () => undefined, environment: Record<string, string> = { BACKSTITCH_TOKEN: 'secret', USER: 'ann' }) {
  const told = { out: '', err: '', calls: [] as ControlCall[], connected: [] as string[] };
  const exitCode = await runCli(args, {
    environment,
    write: (text) => (told.out += text),
    writeError: (text) => (told.err += text),
    connect: (url, token) => {
      told.connected.push(`${token}@${url}`);
      return {
        call: async <Answer>(call: ControlCall) => {
          told.calls.push(call);
          return answer(call) as Answer;
        },
        close: async () => undefined,
      };
    },
  });
  return { exitCode, ...told };
}

/** Writes JSON backwards. */
const CODEC = `const reversed = (text) => [...text].reverse().join('');
export default { encode: (values) => values.map((value) => reversed(JSON.stringify(value))), decode: (values) => values.map((value) => JSON.parse(reversed(value))) };`;

/** Every command by its name and as it is called. */
function commands(): [string, string[]][] {
  const names = {
    '': [
      ...['replay', 'list', 'count', 'describe', 'history', 'info', 'start', 'signal-with-start', 'update-with-start', 'signal', 'query', 'stack', 'update', 'result', 'cancel', 'terminate'],
      ...['incidents', 'resolve', 'resolve-all', 'reset', 'fork', 'pause', 'unpause'],
    ],
    activity: ['retry', 'pause', 'unpause', 'complete', 'fail', 'cancel', 'heartbeat'],
    schedule: ['list', 'describe', 'create', 'update', 'backfill', 'trigger', 'pause', 'unpause', 'delete'],
    deployment: ['list', 'set-current', 'unset-current'],
  };
  return Object.entries(names).flatMap(([group, inGroup]) => inGroup.map((name): [string, string[]] => [group === '' ? name : `${group} ${name}`, group === '' ? [name] : [group, name]]));
}

const SUMMARY = { workflowId: 'order-1', runId: 'r1', workflowType: 'order', status: 'RUNNING', startedAtMs: 0, searchAttributes: {}, memo: {}, openIncidents: 2 };

describe('backstitch', () => {
  it('given --help, when it is run, then it tells of commands, environment and exit codes', async () => {
    const { exitCode, out } = await run(['--help']);
    expect(exitCode).toBe(0);
    for (const word of ['replay', 'describe', 'schedule', 'deployment', 'BACKSTITCH_TOKEN', 'Exit codes']) expect(out).toContain(word);
  });

  it.each([[['unknown']], [['start']], [['list', '--limit', 'many']], [['signal', 'w', 's', '-i', 'not json']], [['replay']], [['terminate', 'w']], [['resolve', 'w', '1', 'forget', '--reason', 'x']], [['schedule', 'create', 's', '--workflow-type', 't']], [['schedule', 'backfill', 's', '--start', 'now', '--end', 'then']], [['start', 't', '--memo', '[1]']], [['start', 't', '--id-reuse-policy', 'MAYBE']]])(
    'given a command line that is wrong (%j), when it is run, then it says so, calls nobody and ends with 2',
    async (args) => {
      const { exitCode, err, calls } = await run(args);
      expect([exitCode, calls]).toEqual([2, []]);
      expect(err).not.toBe('');
    },
  );

  it('given no token in the environment, when a call is to be made, then that is a wrong use, and no argument takes one', async () => {
    expect(await run(['list'], undefined, {})).toMatchObject({ exitCode: 2, err: expect.stringContaining('BACKSTITCH_TOKEN') });
    expect((await run(['list', '--token', 'secret'])).exitCode).toBe(2);
  });

  it('given a list of several pages, when it is limited, then pages are read up to the limit and shown as a table, or as JSON', async () => {
    const pages = ({ body }: ControlCall): unknown => ((body as { cursor?: string }).cursor === undefined ? { workflows: [SUMMARY], nextCursor: 'c' } : { workflows: [{ ...SUMMARY, workflowId: 'order-2' }], nextCursor: 'd' });
    const { out, calls, connected, exitCode } = await run(['list', '--query', "WorkflowType = 'order'", '--limit', '2', '--url', 'http://there:1'], pages);
    expect([exitCode, connected]).toEqual([0, ['secret@http://there:1']]);
    expect(calls.map(({ body }) => body)).toEqual([{ query: "WorkflowType = 'order'", pageSize: 2 }, { query: "WorkflowType = 'order'", pageSize: 1, cursor: 'c' }]);
    expect(out.split('\n')[0]).toMatch(/^WORKFLOW +TYPE +STATUS/);
    expect(out).toMatch(/order-2 +order +RUNNING +1970-01-01T00:00:00.000Z/);
    expect(JSON.parse((await run(['list', '--json', '--limit', '1'], pages)).out)).toEqual([SUMMARY]);
  });

  it('given a start, when the answer says started, conflict or rejected, then it ends with 0 or 1 and says which', async () => {
    const answers =
      (result: object) =>
      ({ path }: ControlCall) =>
        path === '/info' ? { searchAttributes: { CustomerId: 'Keyword', Amount: 'Int' } } : { results: [{ workflowId: 'w', runId: 'r', ...result }] };
    const started = await run(['start', 'order', '--id', 'w', '-i', '{"a":1}', '-i', '"text"', '--search-attribute', 'CustomerId=17850', '--search-attribute', 'Amount=3'], answers({ status: 'started' }));
    expect(started.calls[1]?.body).toEqual({ starts: [{ workflowId: 'w', workflowType: 'order', args: [{ a: 1 }, 'text'], identity: 'ann', searchAttributes: { CustomerId: ['17850'], Amount: [3] } }] });
    expect([started.exitCode, started.out]).toEqual([0, 'Workflow  w\nRun       r\n']);
    expect(await run(['start', 'order', '--id', 'w'], answers({ status: 'conflict' }))).toMatchObject({ exitCode: 1, err: 'Workflow id "w" was taken by another request.\n' });
    expect(await run(['start', 'order', '--id', 'w'], answers({ status: 'rejected', error: { code: 'WORKFLOW_TYPE_UNKNOWN', message: 'No such type.' } }))).toMatchObject({ exitCode: 1, err: 'No such type.\n' });
  });

  it.each([
    [['cancel', 'a/b', '--reason', 'late'], '/workflows/a%2Fb/cancel', { reason: 'late', identity: 'ann' }],
    [['terminate', 'w', '--reason', 'x', '--rollback', '--run-id', 'r'], '/workflows/w/terminate?runId=r', { reason: 'x', identity: 'ann', rollback: true }],
    [['query', 'w', 'state'], '/workflows/w/query', { queryName: 'state', args: [] }],
    [['stack', 'w'], '/workflows/w/query', { queryName: '__stack_trace', args: [] }],
    [['activity', 'retry', 'w', '4', '--reason', 'now'], '/workflows/w/activities/4/retry', { reason: 'now', identity: 'ann' }],
    [['activity', 'resume', 'w', '4', '--reason', 'now'], '/workflows/w/activities/4/unpause', { reason: 'now', identity: 'ann' }],
    [['activity', 'complete', 'w', '4', '--run-id', 'r'], '/workflows/w/activities/4/complete?runId=r', { result: null, identity: 'ann' }],
    [['activity', 'fail', 'w', '4', '--message', 'no', '--type', 'Lost', '--non-retryable', '--reason', 'lost'], '/workflows/w/activities/4/fail', { failure: { message: 'no', applicationFailureInfo: { type: 'Lost', nonRetryable: true } }, reason: 'lost', identity: 'ann' }],
    [['activity', 'cancel', 'w', '4', '--details', '[1]'], '/workflows/w/activities/4/cancel', { details: [1], identity: 'ann' }],
    [['resume', 'w', '--reason', 'x'], '/workflows/w/unpause', { reason: 'x', identity: 'ann' }],
    [['schedule', 'trigger', 's', '--overlap', 'ALLOW_ALL'], '/schedules/s/trigger', { overlap: 'ALLOW_ALL' }],
    [['schedule', 'backfill', 's', '--start', '1970-01-01T00:00:01Z', '--end', '1970-01-01T00:00:02Z'], '/schedules/s/backfill', { backfills: [{ startMs: 1000, endMs: 2000 }] }],
    [['reset', 'w', '--event-id', '4', '--reason', 'x'], '/workflows/w/reset', { eventId: 4, reason: 'x', reapply: 'ALL', identity: 'ann' }],
    [['fork', 'w', 'v', '--event-id', '4', '--reason', 'x', '--reapply', 'NONE'], '/workflows/w/fork', { workflowId: 'v', eventId: 4, reason: 'x', reapply: 'NONE', identity: 'ann' }],
    [['pause', 'w', '--reason', 'x'], '/workflows/w/pause', { reason: 'x', identity: 'ann' }],
    [['resolve', 'w', '2', 'edit', '--reason', 'x', '--value', '[1]'], '/workflows/w/incidents/2/edit', { reason: 'x', identity: 'ann', value: [1] }],
    [['schedule', 'pause', 's', '--note', 'n'], '/schedules/s/pause', { note: 'n' }],
    [['schedule', 'create', 's', '--workflow-type', 't', '--cron', '@daily'], '/schedules', { scheduleId: 's', schedule: { spec: { cronExpressions: ['@daily'], timezone: 'UTC' }, action: { type: 'startWorkflow', workflowId: 's', workflowType: 't', args: [] }, policies: { overlap: 'SKIP' }, state: {} }, identity: 'ann' }],
    [['deployment', 'set-current', 'b7'], '/deployments/current', { buildId: 'b7' }],
    [['deployment', 'unset-current'], '/deployments/current', {}],
  ])('given %j, when it is run, then that call is made', async (args, path, body) => {
    const { calls, exitCode } = await run(args, () => ({ workflowId: 'w', runId: 'r', result: 1 }));
    expect([exitCode, calls.map((call) => [call.method, call.path, call.body])]).toEqual([0, [['POST', path, body]]]);
  });

  it('given an update that takes long, when it is accepted, then its outcome is asked for until it is there', async () => {
    const answers = [{ updateId: 'u', runId: 'r', stage: 'ACCEPTED' }, { updateId: 'u', runId: 'r', stage: 'ACCEPTED' }, { updateId: 'u', runId: 'r', stage: 'COMPLETED', outcome: { status: 'completed', result: { sum: 3 } } }];
    const { out, calls, exitCode } = await run(['update', 'w', 'add', '-i', '3', '--update-id', 'u'], () => answers.shift());
    expect([exitCode, JSON.parse(out), calls.map(({ method }) => method)]).toEqual([0, { sum: 3 }, ['POST', 'GET', 'GET']]);
  });

  it('given an update whose handler failed, when it is sent, then it ends with 1 and says why, with the causes', async () => {
    const failure = { message: 'no', applicationFailureInfo: { type: 'Refused' }, cause: { message: 'too late' } };
    const { out, err, exitCode } = await run(['update', 'w', 'add'], () => ({ updateId: 'u', runId: 'r', stage: 'COMPLETED', outcome: { status: 'failed', failure } }));
    expect([exitCode, out, err]).toEqual([1, '', 'The update failed: Refused: no – too late\n']);
  });

  it('given a workflow that ends, when its result is waited for, then that is printed, or why there is none', async () => {
    const ended = (workflow: object) => () => ({ closed: [{ workflowId: 'w', ...workflow }], unknown: [] });
    expect(await run(['result', 'w'], ended({ status: 'COMPLETED', result: [1] }))).toMatchObject({ exitCode: 0, out: '[\n  1\n]\n' });
    expect(await run(['result', 'w'], ended({ status: 'FAILED', failure: { message: 'no' } }))).toMatchObject({ exitCode: 1, err: 'Workflow "w" ended as FAILED: no\n' });
    expect(await run(['result', 'w', '--timeout-ms', '1'], () => ({ closed: [], unknown: [] }))).toMatchObject({ exitCode: 1, err: expect.stringContaining('still running') });
    expect(await run(['result', 'w'], () => ({ closed: [], unknown: ['w'] }))).toMatchObject({ exitCode: 1, err: 'There is no workflow with id "w".\n' });
  });

  it('given a task token, when an activity is completed by it, then it is taken from the environment or a file, and no argument takes one', async () => {
    await writeFile(join(directory, 'token'), 'from-a-file\n');
    const environment = { BACKSTITCH_TOKEN: 'secret', USER: 'ann', BACKSTITCH_TASK_TOKEN: 'from-the-environment' };
    expect((await run(['activity', 'complete', '--result', '7'], undefined, environment)).calls).toMatchObject([{ path: '/activities/by-token/complete', body: { taskToken: 'from-the-environment', result: 7, identity: 'ann' } }]);
    expect((await run(['activity', 'heartbeat', '--task-token-file', join(directory, 'token')], () => ({ paused: false }), environment)).calls).toMatchObject([{ path: '/activities/by-token/heartbeat', body: { taskToken: 'from-a-file' } }]);
    expect(await run(['activity', 'complete', '--task-token', 'x'])).toMatchObject({ exitCode: 2, calls: [] });
    expect(await run(['activity', 'complete'])).toMatchObject({ exitCode: 2, calls: [], err: expect.stringContaining('BACKSTITCH_TASK_TOKEN') });
    expect(await run(['activity', 'complete', 'w'], undefined, environment)).toMatchObject({ exitCode: 2, calls: [] });
  });

  it('given an open incident, when its workflow is described, then its message stands there whole, and no character of it steers the terminal', async () => {
    const message = `No worker has served queue "fulfilment" for 350 seconds;\u001b[2J ${'x'.repeat(80)} end`;
    const incident = { incidentNumber: 1, kind: 'QUEUE_NOT_SERVED', openedAtMs: 0, message };
    const failed = { ...incident, incidentNumber: 2, failure: { message: 'm', stackTrace: 'Error: m\n    at order.ts:4:2' } };
    const { out } = await run(['describe', 'order-1'], () => ({ ...SUMMARY, input: [], currentDetails: 'a\u001b[2J\nb', activities: [], timers: [], incidents: [incident, failed, { ...incident, incidentNumber: 3, resolution: { action: 'retry' } }] }));
    const shown = message.replace('\u001b', ' ');
    expect(out).toContain(`Incident 1: ${shown}\n`);
    expect(out).toContain(`Incident 2: ${shown}\n  at order.ts:4:2\n`);
    expect(out).not.toContain('Incident 3');
    expect(out).toContain('a [2J\nb\n');
    expect(out).not.toContain('\u001b');
  });

  it('given many incidents, when those of a kind are resolved, then each is, page by page, and one that is refused is told and stops no other', async () => {
    const incident = (number: number, kind: string): object => ({ workflowId: `w-${number}`, runId: `r-${number}`, workflowType: 'order', incidentNumber: 1, kind, openedAtMs: 0, message: 'm' });
    const answer = ({ path, method }: ControlCall): unknown => {
      if (method === 'GET') return path.includes('cursor=') ? { incidents: [incident(3, 'UNDO_FAILED')] } : { incidents: [incident(1, 'UNDO_FAILED'), incident(2, 'UNDO_DELAYED')], nextCursor: 'c' };
      if (path.includes('w-1')) throw new IncidentAlreadyResolvedError('w-1', 1);
      return undefined;
    };
    expect(await run(['resolve-all', 'retry', '--reason', 'mended', '--kind', 'UNDO_FAILED', '--dry-run'], answer)).toMatchObject({ exitCode: 0, out: expect.stringMatching(/w-1[^]*w-3/) });
    const { exitCode, err, calls } = await run(['resolve-all', 'retry', '--reason', 'mended', '--kind', 'UNDO_FAILED'], answer);
    expect([exitCode, calls.filter(({ method }) => method === 'POST').map(({ path }) => path)]).toEqual([1, ['/workflows/w-1/incidents/1/retry?runId=r-1', '/workflows/w-3/incidents/1/retry?runId=r-3']]);
    expect(err).toMatch(/^w-1 1: .*\n1 of 2 resolved; 1 refused\.\n$/);
    expect(await run(['resolve-all', 'retry', '--reason', 'mended'])).toMatchObject({ exitCode: 2, calls: [] });
  });

  it('given a schedule, when it is changed, then what is not named stays, new times take the place of all others, and the version is the one that was read', async () => {
    const schedule = { spec: { intervals: [{ everyMs: 5 }], timezone: 'Europe/London' }, action: { type: 'startWorkflow', workflowId: 'w', workflowType: 't', args: [1] }, policies: { overlap: 'SKIP' }, state: { note: 'n' } };
    const { calls } = await run(['schedule', 'update', 's', '--cron', '@daily', '--cron', '@hourly', '--overlap', 'ALLOW_ALL', '-i', '2'], ({ method }) => (method === 'GET' ? { schedule, version: 7 } : undefined));
    expect(calls[1]).toMatchObject({ path: '/schedules/s/update' });
    expect(calls[1]?.body).toEqual({ schedule: { ...schedule, spec: { cronExpressions: ['@daily', '@hourly'], timezone: 'Europe/London' }, action: { ...schedule.action, args: [2] }, policies: { overlap: 'ALLOW_ALL' } }, version: 7 });
  });

  it('given a codec, when values are sent and shown, then they go through it; a module that is none is refused', async () => {
    await writeFile(join(directory, 'codec.mjs'), CODEC);
    const codec = ['--codec', join(directory, 'codec.mjs')];
    const encoded = { __backstitch_encoded: '}1:"a"{' };
    const sent = await run(['signal', 'w', 's', '-i', '{"a":1}', ...codec]);
    expect(sent.calls[0]?.body).toMatchObject({ args: [encoded] });
    const described = await run(['describe', 'w', '--json', ...codec], () => ({ input: [encoded], activities: [{ result: encoded }] }));
    expect(JSON.parse(described.out)).toEqual({ input: [{ a: 1 }], activities: [{ result: { a: 1 } }] });
    const asked = await run(['query', 'w', 'q'], () => ({ result: encoded }), { BACKSTITCH_TOKEN: 'secret', BACKSTITCH_CODEC: join(directory, 'codec.mjs') });
    expect(JSON.parse(asked.out)).toEqual({ a: 1 });
    await writeFile(join(directory, 'none.mjs'), 'export const other = 1;');
    expect(await run(['list', '--codec', join(directory, 'none.mjs')])).toMatchObject({ exitCode: 1, calls: [], err: expect.stringContaining('exports no codec') });
    expect(await run(['list', '--codec', './nowhere.mjs'])).toMatchObject({ exitCode: 1, calls: [], err: expect.stringContaining('cannot be loaded') });
  });

  it.each(commands())('given --help of "%s", when it is run, then it says what it does and which options it has', async (_, args) => {
    const { exitCode, out } = await run([...args, '--help']);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^Usage: backstitch .+\n\n.+/)]);
    if (args[0] !== 'replay') expect(out).toContain('--json');
  });

  it('given builds side by side, when they are listed, then the table tells which can be stopped', async () => {
    const build = { buildId: 'b2', isCurrent: true, isSet: false, replicas: 2, openPinnedRuns: 4, firstSeenAtMs: 0, lastSeenAtMs: 0 };
    const old = { ...build, isCurrent: false };
    const { out } = await run(['deployment', 'list'], () => ({ builds: [build, { ...old, buildId: 'b1' }, { ...old, buildId: 'b0', openPinnedRuns: 0 }, { ...old, buildId: 'lost', replicas: 0 }] }));
    expect(out).toMatch(/b2 .*newest .*no\n[^]*b1 .*not yet\n[^]*b0 .*yes\n[^]*lost .*its runs wait for it\n/);
  });

  it('given an error of the control API, or nobody there, when a call is made, then its message is told and the exit code tells which', async () => {
    const refused = await run(['describe', 'w'], () => {
      throw new WorkflowNotFoundError('w');
    });
    expect(refused).toMatchObject({ exitCode: 1, err: 'There is no workflow with id "w".\n' });
    const nobody = await run(['describe', 'w'], () => {
      throw new OrchestratorUnreachableError('http://there:1', true);
    });
    expect(nobody).toMatchObject({ exitCode: 3, err: 'No orchestrator answers at http://there:1.\n' });
  });

  it('given a history, when it is written with --temporal, then it is Temporal’s JSON; with --json it can be replayed', async () => {
    const recorded = await historyOf('v1');
    const answer = ({ path }: ControlCall): unknown => (path.includes('limit=1') ? { runId: recorded.runId, events: [] } : recorded);
    const temporal = await run(['history', 'v1', '--temporal'], answer);
    expect((JSON.parse(temporal.out) as { events: object[] }).events[0]).toMatchObject({ eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' });
    const own = await run(['history', 'v1', '--json'], answer);
    await writeFile(join(directory, 'own.json'), own.out);
    await writeFile(join(directory, 'temporal.json'), temporal.out);
    const workflows = await writeVersion(directory, 'v2');
    expect(await run(['replay', '--workflows', workflows, '--history', join(directory, 'own.json')])).toMatchObject({ exitCode: 0, out: expect.stringContaining('Nothing would break.') });
    expect(await run(['replay', '--workflows', workflows, '--history', join(directory, 'temporal.json')])).toMatchObject({ exitCode: 1, err: expect.stringContaining('without --temporal') });
  });
});

describe('backstitch replay', () => {
  it('given open runs at the control API, when new code would break one, then both sides are shown, the summary is written, and it ends with 1', async () => {
    const [old, next] = [await historyOf('v1'), await historyOf('v2')];
    const answer = ({ path, body }: ControlCall): unknown => {
      if (path === '/workflows/list') return (body as { cursor?: string }).cursor === undefined ? { workflows: [old], nextCursor: 'c' } : { workflows: [next] };
      return path.includes('/v1/') ? old : next;
    };
    await writeFile(join(directory, 'bundle.json'), JSON.stringify(await bundleOf('v1')));
    const { exitCode, out, calls } = await run(['replay', '--bundle', join(directory, 'bundle.json'), '--workflow-type', 'shopping', '--json', join(directory, 'summary.json')], answer);
    expect(exitCode).toBe(1);
    expect(calls[0]).toMatchObject({ path: '/workflows/count', body: { query: "ExecutionStatus = 'Running' AND WorkflowType = 'shopping'" } });
    expect(calls[1]?.body).toMatchObject({ status: 'RUNNING', workflowType: 'shopping' });
    expect(out).toMatch(/divergence: shopping "v2"[^]*recorded {2}\{[^]*produced {2}\{[^]*"activityType":"takeOld"/);
    expect(JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8'))).toMatchObject({ runs: 2, byStatus: { ok: 1, divergence: 1 }, isOk: false, problems: [{ workflowId: 'v2' }] });
  });

  it('given code that drifts, when drift is allowed, then it ends with 0, else with 1', async () => {
    await writeFile(join(directory, 'history.json'), JSON.stringify(await historyOf('v1')));
    const args = ['replay', '--workflows', await writeVersion(directory, 'drifting'), '--history', join(directory, 'history.json')];
    expect(await run(args)).toMatchObject({ exitCode: 1, out: expect.stringContaining('must not go on') });
    expect(await run([...args, '--allow-drift'])).toMatchObject({ exitCode: 0, out: expect.stringContaining('stays in force') });
  });

  it.each([
    ['a password among the arguments', ['--database-url', 'postgres://me:secret@127.0.0.1/x'], 2, 'PGPASSWORD'],
    ['no database there', ['--database-url', 'postgres://me@127.0.0.1:1/x'], 3, 'cannot be read'],
    ['no file there', ['--history', 'nowhere.json'], 1, 'nowhere.json cannot be read'],
  ])('given %s, when it is run, then it says so', async (_, args, exitCode, message) => {
    const found = await run(['replay', '--workflows', await writeVersion(directory, 'v1'), ...args]);
    expect([found.exitCode, found.err]).toEqual([exitCode, expect.stringContaining(message)]);
    expect(found.err + found.out).not.toContain('secret');
  });

  it('given a file that is no bundle, or code that cannot be bundled, when it is run, then it says so', async () => {
    await writeFile(join(directory, 'history.json'), JSON.stringify(await historyOf('v1')));
    const history = ['--history', join(directory, 'history.json')];
    expect(await run(['replay', '--bundle', join(directory, 'history.json'), ...history])).toMatchObject({ exitCode: 1, err: expect.stringContaining('holds no workflow bundle') });
    await writeFile(join(directory, 'bad.js'), "import 'node:fs'; export async function shopping() {}");
    expect(await run(['replay', '--workflows', join(directory, 'bad.js'), ...history])).toMatchObject({ exitCode: 1, err: expect.stringContaining('cannot be bundled') });
  });
});
