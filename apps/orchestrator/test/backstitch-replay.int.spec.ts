import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseHistories, EXIT_CODE, runCli } from '@backstitch/cli';
import { bundleWorkflows } from '@backstitch/orchestrator';
import { createTestDatabase, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import pg from 'pg';
import { startOrchestrator } from '../src/start-orchestrator.js';

const TOKEN = 'a-token-of-the-control-wire';
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };
/** More than one page. */
const RUNS = 230;

const HEAD = `import { patched, proxyActivities } from '@backstitch/workflow';
const { pack, wrap } = proxyActivities({ taskQueue: 'inventory', startToCloseTimeout: '10s' });
export async function other() { await pack('other'); }
`;
const V1 = `${HEAD}export async function parcel(what) { await pack(what); }`;
const RENAMED = `${HEAD}export async function parcel(what) { await wrap(what); }`;
const PATCHED = `${HEAD}export async function parcel(what) { await (patched('wrapping') ? wrap(what) : pack(what)); }`;

describe('backstitch replay on the database of an orchestrator with open runs', () => {
  let directory: string;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let service: RunningService<unknown>;

  const write = async (name: string, source: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, source);
    return path;
  };
  async function replay(args: readonly string[], environment: Record<string, string> = { BACKSTITCH_DATABASE_URL: database.url }): Promise<{ exitCode: number; out: string; err: string }> {
    const told = { out: '', err: '' };
    const exitCode = await runCli(['replay', ...args], { environment, write: (text) => (told.out += text), writeError: (text) => (told.err += text) });
    return { exitCode, ...told };
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'backstitch-replay-'));
    const bundle = await bundleWorkflows({ workflowsPath: await write('v1.js', V1) });
    await write('workflows.json', JSON.stringify(bundle));
    database = await createTestDatabase('replay');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE SCHEMA orchestrator');
    await client.end();
    service = await startOrchestrator(pathToFileURL(join(directory, 'main.ts')).href, {
      env: { DATABASE_URL: database.url, PORT: '0', CONTROL_TOKEN: TOKEN, REDIS_URL: testRedisUrl(), QUEUE_PREFIX: `replay-${randomUUID().slice(0, 8)}`, BUILD_ID: 'v1', VERSIONING_BEHAVIORS: 'other=PINNED' },
      process: noProcess,
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
    });
    const starts = Array.from({ length: RUNS + 2 }, (_, index) => ({ workflowId: `p-${index}`, workflowType: index < RUNS ? 'parcel' : 'other', args: [index] }));
    const response = await fetch(`${service.url}/v1/workflows`, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }, body: JSON.stringify({ starts }) });
    expect(response.status).toBe(200);
  });
  afterAll(async () => {
    await service?.stop();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('given the code that they run on, when it is replayed, then nothing would break, and pinned runs are left out', async () => {
    const { exitCode, out, err } = await replay(['--bundle', join(directory, 'workflows.json')]);
    expect([exitCode, err]).toEqual([EXIT_CODE.OK, '']);
    expect(out).toContain(`Replayed ${RUNS} runs with ${RUNS * 5} events`);
    expect(out).toContain('2 pinned runs were left out');
  });

  it('given a step that was renamed, when it is checked, then all would break without patched, and none with it', async () => {
    const summaryFile = join(directory, 'summary.json');
    const renamed = await replay(['--workflows', await write('renamed.js', RENAMED), '--json', summaryFile, '--concurrency', '2']);
    expect(renamed.exitCode).toBe(EXIT_CODE.FAILED);
    expect(renamed.out).toMatch(/divergence: parcel "p-\d+"[^]*event 5 at .*renamed\.js:4:\d+\n +recorded .*"pack"[^]*\n +produced .*"wrap"/);
    expect(renamed.out).toMatch(new RegExp(`divergence +${RUNS}\n`));
    expect(await replay(['--workflows', await write('patched.js', PATCHED)])).toMatchObject({ exitCode: EXIT_CODE.OK, out: expect.stringContaining('Nothing would break.') });
  });

  it('given a type and a limit, when runs are replayed, then only so many of that type are', async () => {
    const path = await write('renamed.js', RENAMED);
    expect((await replay(['--workflows', path, '--workflow-type', 'parcel', '--limit', '3'])).out).toMatch(/Replayed 3 runs/);
    expect(await replay(['--workflows', path, '--workflow-type', 'other', '--include-pinned'])).toMatchObject({ exitCode: EXIT_CODE.OK, out: expect.stringContaining('Replayed 2 runs') });
  });

  it('given no database but the control API, when runs are replayed, then they are the same', async () => {
    const environment = { BACKSTITCH_TOKEN: TOKEN };
    const { exitCode, out } = await replay(['--workflows', await write('renamed.js', RENAMED), '--url', service.url, '--limit', '25', '--workflow-type', 'parcel'], environment);
    expect(exitCode).toBe(EXIT_CODE.FAILED);
    expect(out).toMatch(/Replayed 25 runs[^]*divergence +25\n/);
  });

  it('given the library, when a database is read, then every open run comes once, with its whole history', async () => {
    const runIds = new Set<string>();
    for await (const { runId, events } of databaseHistories({ url: database.url })) {
      runIds.add(runId);
      expect(events.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4, 5]);
    }
    expect(runIds.size).toBe(RUNS + 2);
  });

  it('given a schema without the tables, when it is read, then that is told, and the exit code says that nobody answers', async () => {
    expect(await replay(['--bundle', join(directory, 'workflows.json'), '--schema', 'public'])).toMatchObject({ exitCode: EXIT_CODE.UNREACHABLE, err: expect.stringContaining('no tables of an orchestrator') });
  });
});
