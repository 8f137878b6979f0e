import { SCHEMA } from '../store/schema.js';
import { currentBuildSql } from '../versioning/builds.js';
import type { Statement } from '../store/database.js';

/** What the renewal statement answers. */
export interface RenewalRow {
  owned: number[];
  taken: number[];
  others: { replicaId: string; url: string | null; buildId: string | null; partitions: number[] }[];
  current_build_id: string | null;
  expired: string[];
  next_expiry_ms: number | null;
  free: number;
  earliest_wake_at_ms: string | null;
}

/**
 * One statement does it all: says that this replica lives and where, renews what it holds, takes what is free up to its fair share, gives back what is
 * beyond that, and reads who holds the rest, when the next lease of another runs out, and when the next of its own runs wants to be woken. All times of
 * leases are the database's. Rows that another replica is at just now are skipped, so that nobody waits.
 *
 * Partitions are leased to replicas of the current build. Those of another build serve the runs that are pinned to it, and share the partitions out in the order
 * of their ids, without leases: holding one is an optimisation only.
 *
 * `taken` are those that somebody else, or nobody, held until now: a lease that ran out and that nobody took meanwhile is merely renewed.
 */
const RENEW = `WITH present AS (
  INSERT INTO ${SCHEMA}.replica AS r (replica_id, expires_at, url, build_id) VALUES ($1, now() + $2 * interval '1 millisecond', $4, $5)
  ON CONFLICT (replica_id) DO UPDATE SET expires_at = excluded.expires_at, url = excluded.url
  RETURNING replica_id
), seen AS (
  UPDATE ${SCHEMA}.build SET last_seen_at = now() WHERE build_id = $5 AND last_seen_at < now() - interval '10 seconds'
), current AS (
  ${currentBuildSql('$5')}
), gone AS (
  DELETE FROM ${SCHEMA}.replica WHERE expires_at < now() - interval '10 minutes' AND replica_id <> $1
), other AS (
  SELECT replica_id, url, build_id, expires_at FROM ${SCHEMA}.replica WHERE expires_at > now() AND replica_id <> $1
), share AS (
  SELECT CASE WHEN (SELECT build_id FROM current) = $5 THEN ceil($3::numeric / (1 + (SELECT count(*) FROM other WHERE build_id = $5))) ELSE 0 END::integer AS fair FROM present
), fellows AS (
  SELECT count(*) FILTER (WHERE replica_id < $1) AS before, 1 + count(*) AS size FROM other WHERE build_id = $5
), reachable AS MATERIALIZED (
  SELECT partition, coalesce(replica_id = $1, false) AS mine FROM ${SCHEMA}.partition_lease
  WHERE replica_id = $1 OR replica_id IS NULL OR expires_at <= now()
  ORDER BY partition FOR UPDATE SKIP LOCKED
), ranked AS (
  SELECT partition, mine, row_number() OVER (ORDER BY mine DESC, partition) AS rank FROM reachable
), held AS (
  UPDATE ${SCHEMA}.partition_lease p SET replica_id = $1, expires_at = now() + $2 * interval '1 millisecond'
  FROM ranked r, share s WHERE p.partition = r.partition AND r.rank <= s.fair
  RETURNING p.partition, r.mine
), surplus AS (
  UPDATE ${SCHEMA}.partition_lease p SET replica_id = NULL, expires_at = NULL
  FROM ranked r, share s WHERE p.partition = r.partition AND r.mine AND r.rank > s.fair
), served AS (
  SELECT partition FROM held
  UNION ALL SELECT number::smallint FROM generate_series(0, $3::integer - 1) AS number, fellows f WHERE (SELECT build_id FROM current) <> $5 AND number % f.size = f.before
)
SELECT (SELECT coalesce(array_agg(partition ORDER BY partition), '{}') FROM served) AS owned,
  (SELECT build_id FROM current) AS current_build_id,
  (SELECT coalesce(array_agg(partition ORDER BY partition), '{}') FROM held WHERE NOT mine) AS taken,
  (SELECT coalesce(json_agg(json_build_object('replicaId', o.replica_id, 'url', o.url, 'buildId', o.build_id, 'partitions', coalesce((SELECT array_agg(l.partition)
     FROM ${SCHEMA}.partition_lease l WHERE l.replica_id = o.replica_id AND l.expires_at > now()), '{}'))), '[]') FROM other o) AS others,
  (SELECT coalesce(array_agg(replica_id), '{}') FROM ${SCHEMA}.replica WHERE expires_at <= now() AND replica_id <> $1) AS expired,
  (SELECT extract(epoch FROM min(expires_at) - now())::float8 * 1000 FROM other) AS next_expiry_ms,
  (SELECT count(*)::integer FROM ${SCHEMA}.partition_lease WHERE replica_id IS DISTINCT FROM $1 AND (replica_id IS NULL OR expires_at <= now())) AS free,
  (SELECT e.wake_at_ms FROM ${SCHEMA}.execution e WHERE e.status = 'RUNNING' AND e.wake_at_ms IS NOT NULL
     AND e.partition = ANY (ARRAY(SELECT partition FROM served))
     AND (e.build_id = $5 OR (e.build_id IS NULL AND (SELECT build_id FROM current) = $5)) ORDER BY e.wake_at_ms LIMIT 1) AS earliest_wake_at_ms`;

export function renewalStatement(replica: { replicaId: string; url: string | undefined; leaseMs: number; partitionCount: number; buildId: string }): Statement {
  return { name: 'backstitch_renew', text: RENEW, values: [replica.replicaId, replica.leaseMs, replica.partitionCount, replica.url ?? null, replica.buildId] };
}

/**
 * Makes a replica's build known. A new one is the newest. So is one that comes back while nobody runs the current one: what it replaces was stopped.
 */
export function registerStatement(buildId: string): Statement {
  return {
    text: `INSERT INTO ${SCHEMA}.build AS b (build_id) VALUES ($1)
      ON CONFLICT (build_id) DO UPDATE SET last_seen_at = now(), ranked_at = CASE WHEN EXISTS (
        SELECT 1 FROM ${SCHEMA}.replica r WHERE r.expires_at > now() AND r.build_id = (SELECT c.build_id FROM ${SCHEMA}.build c ORDER BY c.is_set DESC, c.ranked_at DESC, c.build_id LIMIT 1)
      ) THEN b.ranked_at ELSE now() END`,
    values: [buildId],
  };
}

/**
 * Lets the leases of those run out that lived at this address before: who listens there now has replaced them. They count as lost, not as left in order.
 */
export function replaceStatement(replica: { replicaId: string; url: string }): Statement {
  return {
    text: `WITH replaced AS (
        UPDATE ${SCHEMA}.replica SET expires_at = now() WHERE url = $2 AND replica_id <> $1 AND expires_at > now() RETURNING replica_id
      )
      UPDATE ${SCHEMA}.partition_lease SET expires_at = now() WHERE replica_id IN (SELECT replica_id FROM replaced)`,
    values: [replica.replicaId, replica.url],
  };
}
