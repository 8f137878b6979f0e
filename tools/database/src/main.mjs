/**
 * Prepares the database once, before the services start: for docker-compose and the like.
 *
 * ADMIN_DATABASE_URL   a role that may make roles and databases
 * DATABASE_NAME        default `backstitch`
 * QUEUE_BACKEND        `postgres` or `redis`; default `redis` if REDIS_URL is set
 * <ROLE>_DATABASE_PASSWORD   for each role: GATEWAY_DATABASE_PASSWORD, ORCHESTRATOR_DATABASE_PASSWORD …
 */
import { bootstrapDatabase } from './bootstrap-database.mjs';
import { ROLES } from './roles.mjs';

const { env } = process;
const passwords = Object.fromEntries(ROLES.map((role) => [role, env[`${role.toUpperCase()}_DATABASE_PASSWORD`] ?? '']));
const missing = [
  ...(env.ADMIN_DATABASE_URL ? [] : ['ADMIN_DATABASE_URL']),
  ...ROLES.filter((role) => passwords[role] === '').map((role) => `${role.toUpperCase()}_DATABASE_PASSWORD`),
];
const queues = env.QUEUE_BACKEND ?? (env.REDIS_URL ? 'redis' : 'postgres');
if (missing.length > 0 || (queues !== 'postgres' && queues !== 'redis')) {
  if (missing.length > 0) console.error(`Not set: ${missing.join(', ')}`);
  else console.error('QUEUE_BACKEND must be postgres or redis.');
  process.exit(2);
}
await bootstrapDatabase({
  adminUrl: /** @type {string} */ (env.ADMIN_DATABASE_URL),
  database: env.DATABASE_NAME ?? 'backstitch',
  passwords: /** @type {Record<import('./roles.mjs').Role, string>} */ (passwords),
  queues,
});
console.log('The database is ready: roles, schemas and grants are in place.');
