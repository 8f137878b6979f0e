/**
 * A service in a process of its own, to be killed (by testing's killed-import.e2e.spec.ts): it imports a file's rows with `resumable`. Says on its standard output how far it is.
 * Arguments: its options as JSON.
 */
import { createInterface } from 'node:readline';
import { DataSource } from 'typeorm';
import { migrateQueueSchema, type QueueConnection } from '@backstitch/queues';
import { activityInfo, ActivityHost, resumable } from '../src/index.js';

interface ImportServiceOptions {
  /** Stands with each row that it imports. */
  name: string;
  databaseUrl: string;
  schema: string;
  connection: QueueConnection;
  /** After so many slices of one attempt it waits to be killed, or to be told to go on. */
  waitAfterSlices: number;
}

const options = JSON.parse(process.argv[2] ?? '') as ImportServiceOptions;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const dataSource = await new DataSource({
  type: 'postgres',
  url: options.databaseUrl,
  schema: options.schema,
  poolSize: 8,
  installExtensions: false,
  poolErrorHandler: () => undefined,
  extra: { options: `-c search_path=${options.schema}` },
}).initialize();

async function importRows(fileId: string, rows: number): Promise<{ items: number; resumedFrom: number; attempt: number; heartbeatDetails: unknown }> {
  const { attempt, heartbeatDetails, checkpoint } = activityInfo();
  say({ began: attempt, checkpoint: checkpoint ?? null, heartbeatDetails: heartbeatDetails ?? null });
  let slices = 0;
  const result = await resumable({ total: rows, sliceSize: 100 }, async ({ offset, limit }, { manager }) => {
    await manager.query(`INSERT INTO imported (file_id, row_number, service) SELECT $1, n, $4 FROM generate_series($2::integer, $3::integer) n`, [fileId, offset + 1, offset + limit, options.name]);
    slices += 1;
    if (slices > options.waitAfterSlices) {
      // In the middle of a slice: its rows are written and not committed.
      say({ waitingIn: offset });
      await new Promise(() => undefined);
    }
  });
  return { items: result.items, resumedFrom: result.resumedFrom, attempt, heartbeatDetails };
}

await migrateQueueSchema(options.databaseUrl, 'imports');
const host = new ActivityHost({ service: 'imports', dataSource, connection: options.connection, schema: options.schema, functions: { activities: { importRows } }, lockWaitMs: 1_000 });
host.server.listen(() => undefined);
await host.server.ready();
say({ ready: true });
// The parent's end closes the pipe.
createInterface({ input: process.stdin }).on('close', () => process.exit(0));
