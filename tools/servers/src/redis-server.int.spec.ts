import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hasRedisServer, startRedis } from './redis-server.mjs';

function answer(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.end();
      resolve(String(data).trim());
    });
    socket.write(`${command}\r\n`);
  });
}

(hasRedisServer() ? describe : describe.skip)('redis-server', () => {
  it('given a server with data, when it is killed, then it is up again at its port with its data; and a flush empties it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-redis-spec-'));
    const server = await startRedis({ directory });
    try {
      expect(await answer(server.port, 'SET kept 42')).toBe('+OK');
      const before = server.pid;
      await server.crash({ downMs: 20 });
      expect(server.pid).not.toBe(before);
      expect(await answer(server.port, 'GET kept')).toMatch(/42$/);
      await server.flushAll();
      expect(await answer(server.port, 'DBSIZE')).toBe(':0');
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
