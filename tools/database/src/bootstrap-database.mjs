import { setTimeout as delay } from 'node:timers/promises';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { QUEUE_GUESTS, QUEUE_SERVICES, queueSchemaOf, queuesOf, ROLES, SCHEMA_ROLES } from './roles.mjs';

/** @typedef {import('./roles.mjs').Role} Role */
/**
 * @typedef {object} BootstrapOptions
 * @property {string} adminUrl connection URL of a role that may make roles and databases; its database is used to make the other one
 * @property {Record<Role, string>} passwords of the roles; set on every run, so a new password takes effect
 * @property {'postgres' | 'redis'} queues `postgres` makes and migrates the queue schemas
 * @property {string} [database] Default `backstitch`
 */

const LEDGER_VIEW = 'ledger';
/** What a statement about a role comes to when another session has made or changed that role meanwhile: it was there already, or its row was another one. */
const ROLE_RACE_CODES = new Set(['42710', '23505', 'XX000']);
const ROLE_RACES_MAX = 50;
const ROLE_RACE_PAUSE_MS = 20;

/**
 * Makes the platform's database, roles, schemas and grants, and BullMQ's tables if the queues are on Postgres. It can be run again at any time:
 * what is there stays. Two runs at the same time wait for each other; those that come in by different databases do again what they met at.
 *
 * Guarantees: a role owns the schema of its name and sees no other; `auditor` may use the schemas and read views named `ledger`; `console` sees
 * the queues alone; nothing is open to PUBLIC.
 *
 * @param {BootstrapOptions} options
 * @returns {Promise<{ urls: Record<Role, string> }>} each role's connection URL
 */
export async function bootstrapDatabase({ adminUrl, passwords, queues, database = 'backstitch' }) {
  const quoted = pg.escapeIdentifier(database);
  await withClient(adminUrl, async (client) => {
    // Roles belong to the whole server, so all runs on it take turns, as far as they come by the same database: a lock is its database's own.
    await client.query(`SELECT pg_advisory_lock(hashtext('backstitch bootstrap'))`);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${quoted}`);
    await makeRoles(client, passwords);
  });
  await withClient(urlOf(adminUrl, database), async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtext('backstitch bootstrap'))`);
    await client.query(`REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC`);
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    for (const role of ROLES) await client.query(`GRANT CONNECT ON DATABASE ${quoted} TO ${role}`);
    // BullMQ's bulk add fills a temporary table.
    for (const role of [...QUEUE_SERVICES, ...QUEUE_GUESTS]) await client.query(`GRANT TEMPORARY ON DATABASE ${quoted} TO ${role}`);
    for (const role of SCHEMA_ROLES) await makeSchema(client, quoted, role);
    if (queues === 'postgres') for (const service of QUEUE_SERVICES) await makeQueueSchema(client, quoted, service);
  });
  const urls = /** @type {Record<Role, string>} */ (
    Object.fromEntries(ROLES.map((role) => [role, urlOf(adminUrl, database, role, passwords[role])]))
  );
  return { urls };
}

/**
 * @param {pg.Client} client
 * @param {Record<Role, string>} passwords
 */
async function makeRoles(client, passwords) {
  const { rows } = await client.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
  for (const role of ROLES) {
    await afterRaces(async () => {
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
      await client.query(`ALTER ROLE ${role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(passwords[role])}`);
      // An administrator who is no superuser must be a member to act as the owner.
      if (rows[0]?.rolsuper !== true) await client.query(`GRANT ${role} TO CURRENT_USER`);
    });
  }
}

/**
 * Does it again as long as another session is at the same role.
 *
 * @param {() => Promise<void>} work
 */
async function afterRaces(work) {
  for (let races = 0; ; races += 1) {
    try {
      return await work();
    } catch (error) {
      if (races === ROLE_RACES_MAX || !ROLE_RACE_CODES.has(/** @type {{ code?: string }} */ (error).code ?? '')) throw error;
      await delay(ROLE_RACE_PAUSE_MS * Math.random());
    }
  }
}

/**
 * @param {pg.Client} client
 * @param {string} database quoted
 * @param {string} role
 */
async function makeSchema(client, database, role) {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${role} AUTHORIZATION ${role}`);
  await afterRaces(async () => void (await client.query(`ALTER ROLE ${role} IN DATABASE ${database} SET search_path = ${role}`)));
  await client.query(`GRANT USAGE ON SCHEMA ${role} TO auditor`);
  // The view comes with the service's migrations, which grant it too; this repairs a grant that was lost.
  const { rowCount } = await client.query(`SELECT FROM pg_views WHERE schemaname = $1 AND viewname = $2`, [role, LEDGER_VIEW]);
  if (rowCount === 1) await client.query(`GRANT SELECT ON ${role}.${LEDGER_VIEW} TO auditor`);
}

/**
 * @param {pg.Client} client
 * @param {string} database quoted
 * @param {string} service
 */
async function makeQueueSchema(client, database, service) {
  const schema = queueSchemaOf(service);
  const guests = QUEUE_GUESTS.join(', ');
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${service}`);
  await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${guests}`);
  for (const [objects, rights] of [
    ['TABLES', 'SELECT, INSERT, UPDATE, DELETE'],
    ['SEQUENCES', 'USAGE, SELECT'],
    ['FUNCTIONS', 'EXECUTE'],
  ]) {
    await client.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${service} IN SCHEMA ${schema} GRANT ${rights} ON ${objects} TO ${guests}`);
    await client.query(`GRANT ${rights} ON ALL ${objects} IN SCHEMA ${schema} TO ${guests}`);
  }
  // BullMQ's migrations say CREATE SCHEMA IF NOT EXISTS, which asks for the right even though the schema is there.
  await client.query(`GRANT CREATE ON DATABASE ${database} TO ${service}`);
  try {
    await client.query(`SET ROLE ${service}`);
    await runMigrations(client, schema);
    // BullMQ makes a queue's id sequence at its first job, in the name of whoever adds it: only the owner may, so it is made here.
    for (const queue of queuesOf(service)) {
      const { rows } = await client.query(`SELECT ${schema}.job_id_seq_name($1) AS name`, [queue]);
      await client.query(`CREATE SEQUENCE IF NOT EXISTS ${schema}.${pg.escapeIdentifier(rows[0].name)}`);
    }
  } finally {
    await client.query('RESET ROLE');
    await client.query(`REVOKE CREATE ON DATABASE ${database} FROM ${service}`);
  }
}

/**
 * @param {string} base
 * @param {string} database
 * @param {string} [user]
 * @param {string} [password]
 */
function urlOf(base, database, user, password) {
  const url = new URL(base);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (user !== undefined) url.username = user;
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}

/**
 * @param {string} url
 * @param {(client: pg.Client) => Promise<void>} work
 */
async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url, application_name: 'backstitch-bootstrap' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
