import type { RedisOptions } from 'ioredis';

const RECONNECT_PAUSE_MS_MAX = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Tries again for ever, after 50 ms, then 100 …, at most a second. */
function retryStrategy(times: number): number {
  return Math.min(times * 50, RECONNECT_PAUSE_MS_MAX);
}

/** A producer fails at once while Redis is away, and within `commandTimeoutMs` when it hangs; it reconnects for ever. */
export function producerRedisOptions(commandTimeoutMs: number): RedisOptions {
  return {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy,
    connectionName: 'backstitch-producer',
  };
}

/** A worker waits and reconnects for ever. `null` retries is what BullMQ asks of a connection that blocks. */
export function workerRedisOptions() {
  return { maxRetriesPerRequest: null, connectTimeout: CONNECT_TIMEOUT_MS, retryStrategy } satisfies RedisOptions;
}
