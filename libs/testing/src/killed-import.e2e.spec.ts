import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { DEFAULT_RETRY_POLICY } from '@backstitch/protocol';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { EngineOnQueues } from '../test/engine-on-queues.js';
import { TypeScriptProgram, type RunningProgram } from '../test/spawn-typescript.js';
import { until } from '../test/until.js';
import type { WorkflowScript } from './scripted-sandbox.js';
import type { WorkWireConnection } from './work-wire.js';

const ROWS = 10_000;
const SCHEMA = 'imports';
const HEARTBEAT_TIMEOUT_MS = 2_000;
const PROCESS_MS_MAX = 40_000;

/** The engine finds a silent attempt by its heartbeats; its next attempt goes on from the checkpoint that the last committed slice has left. */
describe.each(queueBackendsUnderTest())('an import of 10,000 rows whose service is killed, with queues on %s', (backend) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let dataSource: DataSource;
  let connection: WorkWireConnection;
  let program: TypeScriptProgram;
  let engine: EngineOnQueues;
  const services: RunningProgram[] = [];

  const importFile: WorkflowScript = function* (workflow, fileId) {
    return {
      ...(yield* workflow.activity('importRows', [fileId ?? '', ROWS], {
        taskQueue: 'imports',
        heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
        startToCloseTimeoutMs: 600_000,
        retryPolicy: { ...DEFAULT_RETRY_POLICY, initialIntervalMs: 100, jitter: 0 },
      })),
    };
  };

  beforeAll(async () => {
    program = await TypeScriptProgram.compile(fileURLToPath(new URL('../../activity/test/import-service.ts', import.meta.url)), fileURLToPath(new URL('../../../', import.meta.url)));
    database = await createTestDatabase('killed_import');
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
  }, 60_000);

  afterAll(async () => {
    await engine?.stop();
    for (const service of services) await service.kill();
    await dataSource?.destroy();
    await database?.drop();
    await program?.remove();
  }, 30_000);

  function startService(waitAfterSlices: number): RunningProgram {
    // Options of activity's test/import-service.ts.
    const service = program.start({ databaseUrl: database.url, schema: SCHEMA, connection, waitAfterSlices, name: `service ${services.length + 1}` });
    services.push(service);
    return service;
  }

  const imported = async (): Promise<{ rows: number; different: number; first: number; last: number }> => {
    const [found] = await dataSource.query(
      `SELECT count(*)::integer AS rows, count(DISTINCT row_number)::integer AS different, coalesce(min(row_number), 0) AS first, coalesce(max(row_number), 0) AS last FROM imported WHERE file_id = 'f'`,
    );
    return found as { rows: number; different: number; first: number; last: number };
  };

  it(
    'given two kills in the middle of slices, when the next service takes over, then it goes on exactly where the last slice ended, and every row is there once',
    async () => {
      // The first is killed in its 31st slice, the second in its 21st.
      const first = startService(30);
      await first.hasSaid('ready', PROCESS_MS_MAX);
      engine = new EngineOnQueues('imports', connection, { importFile });
      await engine.kit.start('importFile', 'w', 'f');
      expect(await first.hasSaid('waitingIn', PROCESS_MS_MAX)).toEqual({ waitingIn: 3_000 });
      expect(await imported()).toMatchObject({ rows: 3_000, different: 3_000 });
      await first.kill();

      const second = startService(20);
      expect(await second.hasSaid('began', PROCESS_MS_MAX)).toMatchObject({ checkpoint: { work: { items: 3_000 } } });
      expect(await second.hasSaid('waitingIn', PROCESS_MS_MAX)).toEqual({ waitingIn: 5_000 });
      await second.kill();

      const third = startService(1_000_000);
      const began = await third.hasSaid('began', PROCESS_MS_MAX);
      expect(began).toMatchObject({ checkpoint: { work: { items: 5_000 } }, heartbeatDetails: { total: ROWS, items: expect.any(Number) } });
      await until('the workflow has ended', async () => (await engine.kit.describe('w')).status === 'COMPLETED', PROCESS_MS_MAX);

      expect(await imported()).toEqual({ rows: ROWS, different: ROWS, first: 1, last: ROWS });
      expect((await engine.kit.describe('w')).result).toMatchObject({ status: 'completed', result: { items: ROWS, resumedFrom: 5_000 } });
      const byService: { rows: number }[] = await dataSource.query('SELECT service, count(*)::integer AS rows FROM imported GROUP BY service ORDER BY service');
      expect(byService.map(({ rows }) => rows)).toEqual([3_000, 2_000, 5_000]);
    },
    4 * PROCESS_MS_MAX,
  );
});
