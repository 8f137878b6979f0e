import { connect } from 'node:net';

const REDIS_PORT = 6379;

/** Nothing listens where `REDIS_URL` says. */
export class RedisUnreachableError extends Error {
  code = 'REDIS_UNREACHABLE';
  /**
   * @param {string} address
   * @param {unknown} cause
   */
  constructor(address, cause) {
    super(`No Redis answers at ${address}, where REDIS_URL points. Start it, or unset REDIS_URL: then the queues are on Postgres.`, { cause });
    this.name = 'RedisUnreachableError';
    this.address = address;
  }
}

/**
 * Makes sure that something listens where the queues shall be, so that a start says so at once.
 *
 * @param {string} redisUrl
 * @param {number} [timeoutMs] Default 3,000
 * @returns {Promise<void>}
 * @throws {RedisUnreachableError} the address in it bears no password
 */
export async function reachRedis(redisUrl, timeoutMs = 3_000) {
  const { hostname, port } = new URL(redisUrl);
  const address = { host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port || REDIS_PORT) };
  const socket = connect({ ...address, timeout: timeoutMs });
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('timeout', () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    });
  } catch (error) {
    throw new RedisUnreachableError(`${address.host}:${address.port}`, error);
  } finally {
    socket.destroy();
  }
}
