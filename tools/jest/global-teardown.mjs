import { rmSync } from 'node:fs';

/** @typedef {{ directory: string, postgres: { stop(): Promise<void> }, redis?: { stop(): Promise<void> } }} TestServers what the set-up left */

export default async function globalTeardown() {
  const servers = /** @type {{ __backstitchTestServers?: TestServers }} */ (globalThis).__backstitchTestServers;
  if (servers === undefined) return;
  await Promise.all([servers.postgres.stop(), servers.redis?.stop()]);
  rmSync(servers.directory, { recursive: true, force: true });
}
