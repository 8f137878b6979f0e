import { InvalidRequestError, type BuildSummary, type ListBuildsResponse } from '@backstitch/protocol';
import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';

/** A build of which no replica was seen for so long is not current by itself any more: the newest of those that are left takes its place. */
export const BUILD_FORGOTTEN_AFTER_SECONDS = 60;

/** SQL: the current build. The one that was set; else the newest one that lives, or did just now. @param own parameter with the build that asks */
export function currentBuildSql(own: string): string {
  return `SELECT build_id FROM ${SCHEMA}.build
  WHERE is_set OR build_id = ${own} OR last_seen_at > now() - interval '${BUILD_FORGOTTEN_AFTER_SECONDS} seconds'
  ORDER BY is_set DESC, ranked_at DESC, build_id LIMIT 1`;
}

/** The builds of a deployment. */
export class Builds {
  readonly #database: Database;
  readonly #ownBuildId: string;

  constructor(database: Database, ownBuildId: string) {
    this.#database = database;
    this.#ownBuildId = ownBuildId;
  }

  /** All builds that anybody runs, is pinned to, or that are current; newest first. */
  async list(): Promise<ListBuildsResponse> {
    const rows = await this.#database.query<BuildRow>({
      text: `WITH current AS (${currentBuildSql('$1')})
        SELECT b.build_id, b.is_set, b.build_id = (SELECT build_id FROM current) AS is_current,
          (extract(epoch FROM b.first_seen_at) * 1000)::bigint AS first_seen_at_ms, (extract(epoch FROM b.last_seen_at) * 1000)::bigint AS last_seen_at_ms,
          (SELECT count(*)::integer FROM ${SCHEMA}.replica r WHERE r.build_id = b.build_id AND r.expires_at > now()) AS replicas,
          (SELECT count(*)::integer FROM ${SCHEMA}.execution e WHERE e.build_id = b.build_id AND e.status = 'RUNNING') AS open_pinned_runs
        FROM ${SCHEMA}.build b ORDER BY b.ranked_at DESC, b.build_id LIMIT 1000`,
      values: [this.#ownBuildId],
    });
    const builds = rows.map(toSummary).filter(({ isCurrent, isSet, replicas, openPinnedRuns }) => isCurrent || isSet || replicas > 0 || openPinnedRuns > 0);
    return { builds };
  }

  /**
   * From the next renewals of the leases on, within seconds, that build begins new runs and goes on with those that are not pinned; undefined: the newest that
   * started, as by default.
   * @param force although no replica runs it
   * @throws InvalidRequestError if it is unknown, or nobody runs it
   */
  async setCurrent(buildId: string | undefined, force: boolean): Promise<void> {
    if (buildId !== undefined) {
      const [found] = await this.#database.query<{ replicas: number }>({
        text: `SELECT (SELECT count(*)::integer FROM ${SCHEMA}.replica r WHERE r.build_id = b.build_id AND r.expires_at > now()) AS replicas FROM ${SCHEMA}.build b WHERE b.build_id = $1`,
        values: [buildId],
      });
      if (found === undefined) throw new InvalidRequestError('/buildId', `no build "${buildId}" was ever seen`);
      if (found.replicas === 0 && !force) throw new InvalidRequestError('/buildId', `no replica runs build "${buildId}"; runs would wait for one`);
    }
    await this.#database.query({
      text: `UPDATE ${SCHEMA}.build SET is_set = (build_id = $1) WHERE is_set OR build_id = $1`,
      values: [buildId ?? ''],
    });
  }

  /** Open pinned runs whose build nobody runs: they wait. `notRunForMs`: since a replica of it was last seen. */
  async waiting(): Promise<{ buildId: string; runs: number; notRunForMs: number }[]> {
    const rows = await this.#database.query<{ build_id: string; runs: number; not_run_for_ms: string | null }>({
      text: `SELECT e.build_id, count(*)::integer AS runs,
          (SELECT (extract(epoch FROM now() - b.last_seen_at) * 1000)::bigint FROM ${SCHEMA}.build b WHERE b.build_id = e.build_id) AS not_run_for_ms
        FROM ${SCHEMA}.execution e
        WHERE e.build_id IS NOT NULL AND e.status = 'RUNNING' AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.replica r WHERE r.build_id = e.build_id AND r.expires_at > now())
        GROUP BY e.build_id`,
    });
    // A build that was never seen has not been run for as long as anybody knows.
    return rows.map((row) => ({ buildId: row.build_id, runs: row.runs, notRunForMs: Number(row.not_run_for_ms ?? Number.MAX_SAFE_INTEGER) }));
  }

  /** Runs that are due and not pinned, where nobody runs the current build, since a person has set it. Undefined: somebody does. */
  async currentWaiting(nowMs: number): Promise<{ buildId: string; runs: number; notRunForMs: number } | undefined> {
    const [row] = await this.#database.query<{ build_id: string; runs: number; not_run_for_ms: string }>({
      text: `WITH current AS (${currentBuildSql('$1')})
        SELECT b.build_id, (extract(epoch FROM now() - b.last_seen_at) * 1000)::bigint AS not_run_for_ms,
          (SELECT count(*)::integer FROM ${SCHEMA}.execution e WHERE e.status = 'RUNNING' AND e.build_id IS NULL AND e.wake_at_ms <= $2) AS runs
        FROM ${SCHEMA}.build b JOIN current c ON c.build_id = b.build_id
        WHERE NOT EXISTS (SELECT 1 FROM ${SCHEMA}.replica r WHERE r.build_id = b.build_id AND r.expires_at > now())`,
      values: [this.#ownBuildId, Math.floor(nowMs)],
    });
    return row === undefined || row.runs === 0 ? undefined : { buildId: row.build_id, runs: row.runs, notRunForMs: Number(row.not_run_for_ms) };
  }

  /** Of the runs that wait for that build, a page of those that have something due and no incident about it yet; in order of run id. */
  async dueRuns(buildId: string, nowMs: number, afterRunId: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ run_id: string }>({
      text: `WITH current AS (${currentBuildSql('$5')})
        SELECT e.run_id FROM ${SCHEMA}.execution e
        WHERE (e.build_id = $1 OR (e.build_id IS NULL AND $1 = (SELECT build_id FROM current))) AND e.status = 'RUNNING' AND e.wake_at_ms <= $2 AND ($3::uuid IS NULL OR e.run_id > $3::uuid)
          AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.incident i WHERE i.run_id = e.run_id AND i.is_open AND i.kind = 'BUILD_NOT_SERVED')
        ORDER BY e.run_id LIMIT $4`,
      values: [buildId, Math.floor(nowMs), afterRunId ?? null, limit, this.#ownBuildId],
    });
    return rows.map(({ run_id }) => run_id);
  }

  /** A page of the runs with an open incident about their build, which a replica runs again; in order of run id. */
  async servedAgain(afterRunId: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ run_id: string }>({
      text: `WITH current AS (${currentBuildSql('$3')})
        SELECT e.run_id FROM ${SCHEMA}.incident i JOIN ${SCHEMA}.execution e ON e.run_id = i.run_id
        WHERE i.is_open AND i.kind = 'BUILD_NOT_SERVED' AND ($1::uuid IS NULL OR e.run_id > $1::uuid)
          AND EXISTS (SELECT 1 FROM ${SCHEMA}.replica r WHERE r.build_id = coalesce(e.build_id, (SELECT build_id FROM current)) AND r.expires_at > now())
        ORDER BY e.run_id LIMIT $2`,
      values: [afterRunId ?? null, limit, this.#ownBuildId],
    });
    return rows.map(({ run_id }) => run_id);
  }
}

interface BuildRow {
  build_id: string;
  is_set: boolean;
  is_current: boolean;
  first_seen_at_ms: string;
  last_seen_at_ms: string;
  replicas: number;
  open_pinned_runs: number;
}

function toSummary(row: BuildRow): BuildSummary {
  return {
    buildId: row.build_id,
    isCurrent: row.is_current,
    isSet: row.is_set,
    replicas: row.replicas,
    openPinnedRuns: row.open_pinned_runs,
    firstSeenAtMs: Number(row.first_seen_at_ms),
    lastSeenAtMs: Number(row.last_seen_at_ms),
  };
}
