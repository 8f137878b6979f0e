import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '@backstitch/servers';
import { reachRedis, RedisUnreachableError } from './reach-redis.mjs';

describe('the Redis that REDIS_URL names', () => {
  it('given nothing that listens there, when the stack starts, then it is told where it looked, without the password', async () => {
    const port = await freePort();
    const failure = await reachRedis(`redis://:secret@127.0.0.1:${port}/0`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RedisUnreachableError);
    expect((failure as Error).message).toContain(`127.0.0.1:${port}`);
    expect((failure as Error).message).not.toContain('secret');
  });

  it('given a server there, when the stack starts, then it goes on', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(reachRedis(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`)).resolves.toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  });
});
