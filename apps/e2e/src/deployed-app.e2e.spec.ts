import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPlatformTestDatabase } from '@backstitch/database/testing';
import { freePort } from '@backstitch/servers';
import { buildPlatform, waitUntil } from '@backstitch/stack';

jest.setTimeout(300_000);

const WORKSPACE = join(import.meta.dirname, '../../..');

/** One app stands for all: they are built by the same program. */
describe('a built app, copied out of the workspace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backstitch-deployed-'));
  let database: Awaited<ReturnType<typeof createPlatformTestDatabase>>;
  let app: ChildProcess | undefined;
  let output = '';

  beforeAll(async () => {
    await buildPlatform();
    cpSync(join(WORKSPACE, 'dist/apps/inventory'), folder, { recursive: true });
    database = await createPlatformTestDatabase({ label: 'deployed', queues: 'postgres' });
  });
  afterAll(async () => {
    if (app !== undefined && app.exitCode === null) {
      const ended = new Promise((resolve) => app?.once('exit', resolve));
      app.kill('SIGKILL');
      await ended;
    }
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('installs its own pruned dependencies, in the versions of the workspace', () => {
    const { status, stderr } = spawnSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], { cwd: folder, encoding: 'utf8' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const root = JSON.parse(readFileSync(join(WORKSPACE, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string }> };
    for (const [name, version] of Object.entries(dependencies)) expect({ name, version }).toEqual({ name, version: root.packages[`node_modules/${name}`]?.version });
    expect(Object.keys(dependencies)).not.toContain('jest');
  });

  it('starts with node main.js, becomes ready, and stops at SIGTERM', async () => {
    const port = await freePort();
    app = spawn(process.execPath, ['main.js'], { cwd: folder, env: { PATH: process.env.PATH, PORT: String(port), DATABASE_URL: database.urls.inventory } });
    for (const stream of [app.stdout, app.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => app?.once('exit', resolve));

    try {
      await waitUntil(async (signal) => ((await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })).ok ? true : undefined), { timeoutMs: 100_000, what: 'the app to be ready' });
    } catch (error) {
      throw new Error(`It wrote: ${output.slice(-4_000)}`, { cause: error });
    }
    app.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});
