import pg from 'pg';
import { redisCommandsProcessed } from './redis-commands.mjs';

/** What the servers count by themselves. */
/** @typedef {{ commits: number, walBytes: number, redisCommands: number }} ServerCounts */

const STATEMENTS_SHOWN = 30;
const STATEMENT_CHARACTERS = 220;

/** Reads what Postgres and Redis count, over a connection of its own. */
export class DatabaseActivity {
  #client;
  #redisUrl;

  /** @param {import('./servers.mjs').BenchServers} servers */
  constructor(servers) {
    this.#client = new pg.Client({ connectionString: servers.postgres.adminUrl });
    this.#redisUrl = servers.redis?.url;
  }

  async connect() {
    await this.#client.connect();
  }

  async close() {
    await this.#client.end();
  }

  /** @returns {Promise<ServerCounts>} since the servers' start; Postgres' own processes tell theirs up to a second late */
  async counts() {
    const { rows } = await this.#client.query(
      `SELECT (SELECT sum(xact_commit)::float8 FROM pg_stat_database) AS commits, (SELECT wal_bytes::float8 FROM pg_stat_wal) AS wal_bytes`,
    );
    return { commits: rows[0].commits, walBytes: rows[0].wal_bytes, redisCommands: this.#redisUrl === undefined ? 0 : await redisCommandsProcessed(this.#redisUrl) };
  }

  /**
   * @param {ServerCounts} before
   * @returns {Promise<ServerCounts>}
   */
  async countsSince(before) {
    const now = await this.counts();
    return { commits: now.commits - before.commits, walBytes: now.walBytes - before.walBytes, redisCommands: now.redisCommands - before.redisCommands };
  }

  /** Begins counting statements anew; needs servers that were started to count them. */
  async resetStatements() {
    await this.#client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await this.#client.query('SELECT pg_stat_statements_reset()');
  }

  /**
   * @param {number} orders since the reset
   * @returns {Promise<string>} the statements that took most time, as a table
   */
  async topStatements(orders) {
    const { rows } = await this.#client.query(
      `SELECT usename AS role, calls::float8, total_exec_time AS exec_ms, total_plan_time AS plan_ms, rows::float8, regexp_replace(query, '\\s+', ' ', 'g') AS query
       FROM pg_stat_statements LEFT JOIN pg_user ON usesysid = userid ORDER BY total_exec_time + total_plan_time DESC LIMIT ${STATEMENTS_SHOWN}`,
    );
    const lines = rows.map(
      ({ role, calls, exec_ms: execMs, plan_ms: planMs, rows: affected, query }) =>
        `${(calls / orders).toFixed(2).padStart(8)} ${(execMs / orders).toFixed(3).padStart(9)} ${(planMs / orders).toFixed(3).padStart(9)} ${(affected / Math.max(1, calls)).toFixed(1).padStart(7)}  ${String(role).padEnd(12)} ${String(query).slice(0, STATEMENT_CHARACTERS)}`,
    );
    return ['calls/order exec ms/order plan ms/order rows/call role statement (elapsed time, waiting included)', ...lines].join('\n');
  }
}
