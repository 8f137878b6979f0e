import type { Redis } from 'ioredis';

/**
 * Lets the commands that are sent in one turn of the event loop leave in one write: twenty jobs that are acknowledged together cost one system call
 * here and one in Redis. Nothing waits for a timer: a lone command leaves when the turn ends.
 */
export function coalesceWrites<Client extends Pick<Redis, 'status' | 'stream' | 'on'>>(redis: Client): Client {
  const coalesce = () => {
    const { stream } = redis;
    const write = stream.write.bind(stream) as (...parameters: unknown[]) => boolean;
    let gathering = false;
    const gather = (...parameters: unknown[]): boolean => {
      if (!gathering) {
        gathering = true;
        stream.cork();
        process.nextTick(() => {
          gathering = false;
          stream.uncork();
        });
      }
      return write(...parameters);
    };
    stream.write = gather as typeof stream.write;
  };
  redis.on('connect', coalesce);
  // Status of a connection that was made before.
  if (redis.status === 'connect' || redis.status === 'ready') coalesce();
  return redis;
}
