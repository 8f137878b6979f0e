import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres.mjs';

async function answers<T>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  // A connection that the killed server drops is reported here as well as by the query.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** Tries again until the server answers; the spec's own time limit bounds it. */
async function answersAgain<T>(url: string, sql: string): Promise<T[]> {
  for (;;) {
    try {
      return await answers<T>(url, sql);
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('embedded Postgres', () => {
  it('given a server with data, when it is killed, then it is started again and has lost nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-postgres-spec-'));
    chmodSync(directory, 0o755);
    const dataDirectory = join(directory, 'data');
    const server = await startEmbeddedPostgres({ dataDirectory });
    try {
      await answers(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      const serverPid = Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(serverPid, 'SIGKILL');
      expect(await answersAgain(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      expect(Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0])).not.toBe(serverPid);
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('given a server with data, when it is crashed by an immediate shutdown, then it is up again once that is told, as another process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-postgres-spec-'));
    chmodSync(directory, 0o755);
    const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'data') });
    try {
      await answers(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      for (let crashes = 1; crashes <= 2; crashes += 1) {
        const before = server.serverPid();
        await server.crash({ downMs: 50 });
        expect(await answers(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
        expect(server.serverPid()).not.toBe(before);
      }
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
