import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';
import { currentBuildSql } from '../versioning/builds.js';
import { registerStatement, renewalStatement, replaceStatement, type RenewalRow } from './renewal-statement.js';

/** Another replica that is alive. */
export interface OtherReplica {
  replicaId: string;
  /** Where it can be reached; undefined: nowhere. */
  url: string | undefined;
  /** The build that it runs; undefined: it does not say. */
  buildId?: string | undefined;
  /** Partitions that it holds. */
  partitions: readonly number[];
}

export interface LeaseState {
  /** Partitions that this replica holds, ascending. */
  owned: readonly number[];
  /** Those among them that somebody else, or nobody, held before. */
  taken: readonly number[];
  /** Partitions that it held at the renewal before and holds no longer, or that another one held meanwhile. */
  lost: readonly number[];
  /** Replicas that are alive, this one left out. */
  others: readonly OtherReplica[];
  /** A replica that was alive at the last renewal has let its leases run out; one that left in order does not count. */
  replicaLost: boolean;
  /** Until the lease of another runs out, if it is not renewed. */
  nextExpiryMs: number | undefined;
  /** Some that this replica should hold are free, but another one was just at them. */
  isShort: boolean;
  /** When the next run of the owned partitions wants to be woken. */
  earliestWakeAtMs: number | undefined;
  /** Whose replicas hold leases. A replica of another build owns what it serves of its pinned runs. */
  currentBuildId: string;
}

export interface PartitionLeasesOptions {
  replicaId: string;
  partitionCount: number;
  /** A lease that is not renewed for so long is free for others. */
  leaseMs: number;
  /** The build that it runs. Default: one without a name. */
  buildId?: string;
}

/** Of replicas that name none. */
const UNNAMED_BUILD = 'unknown';

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
 * The share of partitions that one replica holds. Holding one is an optimisation: the fence (law L2) keeps two owners from harm.
 *
 * What it holds runs out by this process's own monotonic clock, counted from before the renewal was sent, so never later than in the database: a
 * process that stood still, or cannot reach the database, holds nothing from then on, until a renewal says otherwise.
 */
export class PartitionLeases {
  readonly #database: Database;
  readonly #options: PartitionLeasesOptions;
  readonly #monotonicMs: () => number;
  #owned: readonly number[] = [];
  #live: ReadonlySet<string> = new Set();
  #heldUntilMs = -Infinity;
  #url: string | undefined;
  readonly #buildId: string;
  #currentBuildId: string;
  /** As it was read since the last renewal. */
  #confirmedBuildId: string | undefined;

  constructor(database: Database, options: PartitionLeasesOptions, monotonicMs: () => number = () => performance.now()) {
    this.#database = database;
    this.#options = options;
    this.#monotonicMs = monotonicMs;
    this.#buildId = options.buildId ?? UNNAMED_BUILD;
    this.#currentBuildId = this.#buildId;
  }

  /** As the last renewal told, or what was read since. */
  get currentBuildId(): string {
    return this.#confirmedBuildId ?? this.#currentBuildId;
  }

  /** Reads which build is current; what it holds changes with the next renewal. @throws StoreUnavailableError */
  async confirmCurrentBuild(): Promise<void> {
    const [row] = await this.#database.query<{ build_id: string }>({ text: currentBuildSql('$1'), values: [this.#buildId] });
    this.#confirmedBuildId = row?.build_id;
  }

  /** It goes on with runs that are not pinned. */
  get isCurrent(): boolean {
    return this.#currentBuildId === this.#buildId;
  }

  get owned(): readonly number[] {
    return this.isLapsed ? [] : this.#owned;
  }

  /** Nothing is known any more of who holds what. */
  get isLapsed(): boolean {
    return this.#monotonicMs() >= this.#heldUntilMs;
  }

  get liveReplicas(): number {
    return Math.max(1, this.#live.size);
  }

  /** Makes its build known, and a row for each partition. @throws PartitionCountMismatchError */
  async prepare(): Promise<void> {
    await this.#database.query(registerStatement(this.#buildId));
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

  /**
   * From now on others learn this address at each renewal. Who lived there before is dead, since its address is ours: its leases run out at once.
   * @throws StoreUnavailableError
   */
  async replaceAt(url: string): Promise<void> {
    this.#url = url;
    await this.#database.query(replaceStatement({ replicaId: this.#options.replicaId, url }));
  }

  /** Renews, takes over and gives back. @throws StoreUnavailableError; then the leases run out by themselves */
  async renew(): Promise<LeaseState> {
    const { replicaId, leaseMs, partitionCount } = this.#options;
    const sentAtMs = this.#monotonicMs();
    const [row] = await this.#database.query<RenewalRow>(renewalStatement({ replicaId, url: this.#url, leaseMs, partitionCount, buildId: this.#buildId }));
    const { owned, others, expired, next_expiry_ms: nextExpiryMs, free, earliest_wake_at_ms: wakeAtMs } = row ?? NOTHING;
    const currentBuildId = row?.current_build_id ?? this.#buildId;
    const isCurrent = currentBuildId === this.#buildId;
    // What it serves of a partition is something else once another build is current.
    const before = isCurrent === this.isCurrent ? this.#owned : [];
    const taken = isCurrent ? (row ?? NOTHING).taken : owned.filter((partition) => !before.includes(partition));
    const kept = new Set(isCurrent === this.isCurrent ? owned.filter((partition) => !taken.includes(partition)) : []);
    const lost = this.#owned.filter((partition) => !kept.has(partition));
    this.#currentBuildId = currentBuildId;
    this.#confirmedBuildId = undefined;
    const replicaLost = expired.some((replica) => this.#live.has(replica));
    this.#owned = owned;
    this.#live = new Set([replicaId, ...others.map((other) => other.replicaId)]);
    this.#heldUntilMs = sentAtMs + leaseMs;
    return {
      owned,
      taken,
      lost,
      others: others.map((other) => ({ ...other, url: other.url ?? undefined, buildId: other.buildId ?? undefined })),
      replicaLost,
      nextExpiryMs: nextExpiryMs ?? undefined,
      isShort: isCurrent && free > taken.length && owned.length < Math.ceil(partitionCount / (others.filter(({ buildId }) => buildId === this.#buildId).length + 1)),
      earliestWakeAtMs: wakeAtMs === null ? undefined : Number(wakeAtMs),
      currentBuildId,
    };
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

const NOTHING: RenewalRow = { current_build_id: null, owned: [], taken: [], others: [], expired: [], next_expiry_ms: null, free: 0, earliest_wake_at_ms: null };
