import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRedisServer, startRedis } from '@backstitch/servers';
import { buildPlatform, startStack, type Stack } from '@backstitch/stack';

type StackOptions = Parameters<typeof startStack>[0];

export type Backend = 'postgres' | 'redis';
type RedisServer = Awaited<ReturnType<typeof startRedis>>;

/** A whole platform in a temporary directory, with a Redis of its own if its queues are there. */
export interface Platform {
  stack: Stack;
  /** Warnings and errors that services wrote, newest last. */
  complaints: string[];
  /** Shuts Redis down; its append-only file is kept. */
  stopRedis(): Promise<void>;
  /** Starts it again at the same address, on the same files. */
  startRedisAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** Where the platform's queues can be on this machine. */
export function backends(): Backend[] {
  return hasRedisServer() ? ['postgres', 'redis'] : ['postgres'];
}

/** @param options.instances processes of each service; default one */
export async function startPlatform(backend: Backend, options: Pick<StackOptions, 'instances' | 'environment'> = {}): Promise<Platform> {
  await buildPlatform();
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-e2e-'));
  chmodSync(directory, 0o755);
  const redisDirectory = join(directory, 'redis');
  let redis: RedisServer | undefined = backend === 'redis' ? await startRedis({ directory: redisDirectory }) : undefined;
  const redisPort = redis?.port;
  const complaints: string[] = [];
  const removeAll = async (): Promise<void> => {
    await redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const stack = await startStack({
      directory: join(directory, 'state'),
      ...(redis === undefined ? {} : { redisUrl: redis.url }),
      ...options,
      anyPort: true,
      durable: false,
      onLine: (name, line) => {
        if (!/"level":"(?:trace|debug|info)"/.test(line)) complaints.push(`${name}: ${line}`);
        if (complaints.length > 200) complaints.shift();
      },
    });
    return {
      stack,
      complaints,
      async stopRedis() {
        await redis?.stop();
        redis = undefined;
      },
      async startRedisAgain() {
        redis = await startRedis({ directory: redisDirectory, port: redisPort as number });
        if (redis.port !== redisPort) throw new Error(`Redis’ port ${redisPort} was taken in the meantime.`);
      },
      async stop() {
        await stack.stop();
        await removeAll();
      },
    };
  } catch (error) {
    await removeAll();
    throw new Error(`The platform did not start. ${complaints.slice(-20).join('\n')}`, { cause: error });
  }
}
