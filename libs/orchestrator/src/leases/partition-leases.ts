import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';

export interface LeaseState {
  /** Partitions that this replica holds, ascending. */
  owned: readonly number[];
  /** Partitions that it holds since the last renewal. */
  taken: readonly number[];
  /** Replicas that are alive, this one included. */
  liveReplicas: number;
  /** A replica that was alive at the last renewal has let its leases run out; one that left in order does not count. */
  replicaLost: boolean;
}

export interface PartitionLeasesOptions {
  replicaId: string;
  partitionCount: number;
  /** A lease that is not renewed for so long is free for others. */
  leaseMs: number;
}

/** The deployment's number of partitions is fixed once runs exist. */
export class PartitionCountMismatchError extends Error {
  override readonly name = 'PartitionCountMismatchError';
  readonly code = 'PARTITION_COUNT_MISMATCH';
  constructor(
    readonly configured: number,
    readonly existing: number,
  ) {
    super(`The configuration says ${configured} partitions, but runs exist in ${existing}: the number is fixed once runs exist.`);
  }
}

/**
 * One statement does it all: says that this replica lives, renews what it holds, takes what is free up to its fair share, and gives back what is
 * beyond that. All times are the database's. Rows that another replica is at just now are skipped, so that nobody waits.
 */
const RENEW = `WITH present AS (
  INSERT INTO ${SCHEMA}.replica AS r (replica_id, expires_at) VALUES ($1, now() + $2 * interval '1 millisecond')
  ON CONFLICT (replica_id) DO UPDATE SET expires_at = excluded.expires_at
  RETURNING replica_id
), gone AS (
  DELETE FROM ${SCHEMA}.replica WHERE expires_at < now() - interval '10 minutes' AND replica_id <> $1
), live AS (
  SELECT replica_id FROM ${SCHEMA}.replica WHERE expires_at > now() UNION SELECT replica_id FROM present
), share AS (
  SELECT ceil($3::numeric / count(*))::integer AS fair FROM live
), reachable AS MATERIALIZED (
  SELECT partition, coalesce(replica_id = $1, false) AS mine FROM ${SCHEMA}.partition_lease
  WHERE replica_id = $1 OR replica_id IS NULL OR expires_at <= now()
  ORDER BY partition FOR UPDATE SKIP LOCKED
), ranked AS (
  SELECT partition, mine, row_number() OVER (ORDER BY mine DESC, partition) AS rank FROM reachable
), held AS (
  UPDATE ${SCHEMA}.partition_lease p SET replica_id = $1, expires_at = now() + $2 * interval '1 millisecond'
  FROM ranked r, share s WHERE p.partition = r.partition AND r.rank <= s.fair
  RETURNING p.partition
), surplus AS (
  UPDATE ${SCHEMA}.partition_lease p SET replica_id = NULL, expires_at = NULL
  FROM ranked r, share s WHERE p.partition = r.partition AND r.mine AND r.rank > s.fair
)
SELECT (SELECT coalesce(array_agg(partition ORDER BY partition), '{}') FROM held) AS owned, (SELECT array_agg(replica_id) FROM live) AS live,
  (SELECT coalesce(array_agg(replica_id), '{}') FROM ${SCHEMA}.replica WHERE expires_at <= now() AND replica_id <> $1) AS expired`;

/** The share of partitions that one replica holds. Holding one is an optimisation: the fence (law L2) keeps two owners from harm. */
export class PartitionLeases {
  readonly #database: Database;
  readonly #options: PartitionLeasesOptions;
  #owned: readonly number[] = [];
  #live: ReadonlySet<string> = new Set();

  constructor(database: Database, options: PartitionLeasesOptions) {
    this.#database = database;
    this.#options = options;
  }

  get owned(): readonly number[] {
    return this.#owned;
  }

  get liveReplicas(): number {
    return Math.max(1, this.#live.size);
  }

  /** Makes a row for each partition. @throws PartitionCountMismatchError */
  async prepare(): Promise<void> {
    const { partitionCount } = this.#options;
    const [row] = await this.#database.query<{ partitions: string; runs: boolean }>({
      text: `SELECT (SELECT count(*) FROM ${SCHEMA}.partition_lease) AS partitions, EXISTS (SELECT 1 FROM ${SCHEMA}.execution) AS runs`,
    });
    const existing = Number(row?.partitions ?? 0);
    if (existing === partitionCount) {
      return;
    }
    if (existing > 0 && row?.runs === true) {
      throw new PartitionCountMismatchError(partitionCount, existing);
    }
    await this.#database.query({
      text: `WITH removed AS (DELETE FROM ${SCHEMA}.partition_lease WHERE partition >= $1)
        INSERT INTO ${SCHEMA}.partition_lease (partition) SELECT generate_series(0, $1 - 1) ON CONFLICT DO NOTHING`,
      values: [partitionCount],
    });
  }

  /** Renews, takes over and gives back. @throws StoreUnavailableError; then the leases run out by themselves */
  async renew(): Promise<LeaseState> {
    const { replicaId, leaseMs, partitionCount } = this.#options;
    const [row] = await this.#database.query<{ owned: number[]; live: string[]; expired: string[] }>({ name: 'backstitch_renew', text: RENEW, values: [replicaId, leaseMs, partitionCount] });
    const live = new Set(row?.live ?? [replicaId]);
    const before = new Set(this.#owned);
    const replicaLost = (row?.expired ?? []).some((replica) => this.#live.has(replica));
    this.#owned = row?.owned ?? [];
    this.#live = live;
    return { owned: this.#owned, taken: this.#owned.filter((partition) => !before.has(partition)), liveReplicas: live.size, replicaLost };
  }

  /** Forgets what it held, since it could not renew in time. */
  lose(): void {
    this.#owned = [];
  }

  /** Gives everything back, for a graceful stop. */
  async release(): Promise<void> {
    this.#owned = [];
    await this.#database.query({
      text: `WITH left_behind AS (DELETE FROM ${SCHEMA}.replica WHERE replica_id = $1)
        UPDATE ${SCHEMA}.partition_lease SET replica_id = NULL, expires_at = NULL WHERE replica_id = $1`,
      values: [this.#options.replicaId],
    });
  }
}
