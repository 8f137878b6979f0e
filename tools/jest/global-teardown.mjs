import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const servers = globalThis.__backstitchTestServers;
  if (servers === undefined) return;
  await Promise.all([servers.postgres.stop(), servers.redis?.stop()]);
  rmSync(servers.directory, { recursive: true, force: true });
}
