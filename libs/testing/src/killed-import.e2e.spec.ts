import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { Client, Connection } from '@backstitch/client';
import { bundleWorkflows } from '@backstitch/sandbox';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { DataSource } from 'typeorm';
import { importFile } from '../test/harness-workflows/import-workflows.js';
import { workflowsFile } from '../test/library.js';
import { TypeScriptProgram, type RunningProgram } from '../test/spawn-typescript.js';
import type { WorkWireConnection } from './work-wire.js';

const ROWS = 10_000;
const SCHEMA = 'imports';
const TOKEN = 'token-of-the-specs-alone';
const LEASE_MS = 1_000;
const PROCESS_MS_MAX = 100_000;

/** Orchestrator and service are processes of their own, and both are killed: the next attempt goes on from the checkpoint that the last committed slice has left. */
describe.each(queueBackendsUnderTest())('an import of 10,000 rows whose service and orchestrator are killed, with queues on %s', (backend) => {
  const workspace = fileURLToPath(new URL('../../../', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-import-'));
  const bundleFile = join(directory, 'bundle.json');
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let dataSource: DataSource;
  let connection: WorkWireConnection;
  let servicePrograms: TypeScriptProgram;
  let orchestratorPrograms: TypeScriptProgram;
  const running: RunningProgram[] = [];
  const clients: Connection[] = [];

  beforeAll(async () => {
    servicePrograms = await TypeScriptProgram.compile(join(workspace, 'libs/activity/test/import-service.ts'), workspace);
    orchestratorPrograms = await TypeScriptProgram.compile(join(workspace, 'libs/orchestrator/test/import-orchestrator.ts'), workspace);
    writeFileSync(bundleFile, JSON.stringify(await bundleWorkflows({ workflowsPath: workflowsFile('import-workflows') })));
    database = await createTestDatabase('killed_stack');
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      schema: SCHEMA,
      installExtensions: false,
      extra: { options: `-c search_path=${SCHEMA}` },
      migrations: [createInboxMigration(SCHEMA), createInboxRetentionMigration(SCHEMA)],
    }).initialize();
    await dataSource.query(`CREATE SCHEMA ${SCHEMA}`);
    await dataSource.runMigrations();
    // No key: a row that is imported twice is to be seen.
    await dataSource.query('CREATE TABLE imported (file_id text NOT NULL, row_number integer NOT NULL, service text NOT NULL)');
    connection = backend === 'redis' ? { backend, url: testRedisUrl(), prefix: `test-${randomUUID()}` } : { backend, url: database.url };
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const program of running) await program.kill();
    await dataSource?.destroy();
    await database?.drop();
    await servicePrograms?.remove();
    await orchestratorPrograms?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  function startService(waitAfterSlices: number): RunningProgram {
    const service = servicePrograms.start({ databaseUrl: database.url, schema: SCHEMA, connection, waitAfterSlices, name: `service ${running.length}` });
    running.push(service);
    return service;
  }

  async function startOrchestrator(): Promise<{ orchestrator: RunningProgram; client: Client }> {
    const orchestrator = orchestratorPrograms.start({ databaseUrl: database.url, connection, controlToken: TOKEN, bundleFile, leaseMs: LEASE_MS });
    running.push(orchestrator);
    const { url } = await orchestrator.hasSaid('url', PROCESS_MS_MAX);
    const opened = Connection.lazy({ url: String(url), token: TOKEN });
    clients.push(opened);
    return { orchestrator, client: new Client({ connection: opened }) };
  }

  it(
    'given kills of both, and of the next service, when others take over, then the import goes on exactly where its last slice ended, and every row is there once',
    async () => {
      const first = await startOrchestrator();
      const firstService = startService(30);
      await first.client.workflow.start(importFile, { workflowId: 'w', taskQueue: 'imports', args: ['f', ROWS] });
      expect(await firstService.hasSaid('waitingIn', PROCESS_MS_MAX)).toEqual({ waitingIn: 3_000 });
      await Promise.all([first.orchestrator.kill(), firstService.kill()]);

      const second = await startOrchestrator();
      const secondService = startService(20);
      expect(await secondService.hasSaid('began', PROCESS_MS_MAX)).toMatchObject({ checkpoint: { work: { items: 3_000 } } });
      expect(await secondService.hasSaid('waitingIn', PROCESS_MS_MAX)).toEqual({ waitingIn: 5_000 });
      await secondService.kill();

      const thirdService = startService(1_000_000);
      expect(await thirdService.hasSaid('began', PROCESS_MS_MAX)).toMatchObject({ checkpoint: { work: { items: 5_000 } } });
      // The attempt that brings it to its end need not be the one that began at 5,000: on a slow machine that one may miss a heartbeat.
      expect(await second.client.workflow.getHandle<typeof importFile>('w').result()).toMatchObject({ items: ROWS });

      const [found] = await dataSource.query(
        `SELECT count(*)::integer AS rows, count(DISTINCT row_number)::integer AS different, min(row_number) AS first, max(row_number) AS last FROM imported WHERE file_id = 'f'`,
      );
      expect(found).toEqual({ rows: ROWS, different: ROWS, first: 1, last: ROWS });
      const byService: { rows: number }[] = await dataSource.query('SELECT count(*)::integer AS rows FROM imported GROUP BY service ORDER BY min(row_number)');
      expect(byService.map(({ rows }) => rows)).toEqual([3_000, 2_000, 5_000]);
    },
    4 * PROCESS_MS_MAX,
  );
});
