/** @typedef {import('./embedded-postgres.mjs').PostgresServer} PostgresServer */
/** @typedef {import('./redis-server.mjs').RedisServer} RedisServer */
export { startEmbeddedPostgres } from './embedded-postgres.mjs';
export { freePort, isPortFree } from './free-port.mjs';
export { hasRedisServer, startRedis } from './redis-server.mjs';
export { createTestDatabase, queueBackendsUnderTest, TEST_POSTGRES_URL, TEST_REDIS_URL, testRedisUrl } from './test-servers.mjs';
