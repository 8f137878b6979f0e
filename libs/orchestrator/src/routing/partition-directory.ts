import { partitionOf } from '@backstitch/protocol';
import type { OtherReplica } from '../leases/partition-leases.js';
import { Peer, type PeerOptions } from './peer.js';

export interface PartitionDirectoryOptions extends Pick<PeerOptions, 'controlToken' | 'replicaId' | 'logger'> {
  partitionCount: number;
  /** What was learned with the last renewal is not to be relied on any more. */
  isLapsed: () => boolean;
  /** The build that this replica runs. Default: none that has a name. */
  buildId?: string;
}

/** Workflows of other builds that are remembered, and for how long: one of that id may be another run by then. */
const LEARNED_MAX = 50_000;
const LEARNED_FOR_MS = 15_000;

/**
 * Who holds which partition, as the last renewal of the leases told. It may be outdated by as much as a pause between renewals; then a call reaches
 * a replica that holds the partition no longer, and the fence (law L2) makes that harmless.
 */
export class PartitionDirectory {
  readonly #options: PartitionDirectoryOptions;
  readonly #peers = new Map<string, Peer>();
  #holders: readonly (Peer | undefined)[] = [];
  #hasPeers = false;
  #others: readonly OtherReplica[] = [];
  #hasMetOtherBuilds = false;
  readonly #learned = new Map<string, { buildId: string; untilMs: number }>();

  constructor(options: PartitionDirectoryOptions) {
    this.#options = options;
  }

  /** Another replica is alive and can be reached. While it is false, nothing is to be passed on. */
  get hasPeers(): boolean {
    return this.#hasPeers;
  }

  update(others: readonly OtherReplica[]): void {
    const present = new Set(others.map(({ replicaId }) => replicaId));
    for (const [replicaId, peer] of this.#peers) {
      if (!present.has(replicaId)) {
        this.#peers.delete(replicaId);
        peer.close();
      }
    }
    const holders: (Peer | undefined)[] = [];
    for (const { replicaId, url, partitions } of others) {
      const peer = url === undefined ? undefined : this.#peerAt(replicaId, url);
      partitions.forEach((partition) => (holders[partition] = peer));
    }
    this.#holders = holders;
    this.#others = others;
    this.#hasMetOtherBuilds ||= others.some(({ buildId }) => buildId !== this.#options.buildId);
    this.#hasPeers = this.#peers.size > 0;
  }

  /** Who else holds the partition of a workflow and can be expected to answer; undefined: answer it here. */
  holderOf(workflowId: string): Peer | undefined {
    if (!this.#hasPeers || this.#options.isLapsed()) {
      return undefined;
    }
    const learned = this.#learned.size === 0 ? undefined : this.#buildOf(workflowId);
    if (learned !== undefined) {
      return this.holderOfBuild(workflowId, learned);
    }
    const holder = this.#holders[partitionOf(workflowId, this.#options.partitionCount)];
    return holder?.isAvoided === false ? holder : undefined;
  }

  /** Replicas of another build were alive at some time: what is in memory may be older than the store, though this replica holds the partition. */
  get hasMetOtherBuilds(): boolean {
    return this.#hasMetOtherBuilds;
  }

  /** A run of that workflow is another build's: its calls and outcomes go there at once, for a while. */
  learn(workflowId: string, buildId: string): void {
    this.#learned.delete(workflowId);
    this.#learned.set(workflowId, { buildId, untilMs: performance.now() + LEARNED_FOR_MS });
    if (this.#learned.size > LEARNED_MAX) {
      for (const oldest of this.#learned.keys()) {
        this.#learned.delete(oldest);
        break;
      }
    }
  }

  /**
   * Who goes on with a run of that build and can be expected to answer; undefined: this replica, or nobody. The current build's replicas hold leases; those of
   * another one share the partitions out in the order of their ids, as the renewal of the leases does.
   */
  holderOfBuild(workflowId: string, buildId: string): Peer | undefined {
    if (!this.#hasPeers || this.#options.isLapsed()) {
      return undefined;
    }
    const partition = partitionOf(workflowId, this.#options.partitionCount);
    const ofBuild = this.#others.filter((other) => other.buildId === buildId);
    const leased = ofBuild.find(({ partitions }) => partitions.includes(partition))?.replicaId;
    const fellows = [...ofBuild.map(({ replicaId }) => replicaId), ...(this.#options.buildId === buildId ? [this.#options.replicaId] : [])].sort((a, b) => (a < b ? -1 : 1));
    const holder = this.#peers.get(leased ?? fellows[partition % fellows.length] ?? '');
    return holder?.isAvoided === false ? holder : undefined;
  }

  #buildOf(workflowId: string): string | undefined {
    const learned = this.#learned.get(workflowId);
    if (learned !== undefined && learned.untilMs < performance.now()) {
      this.#learned.delete(workflowId);
      return undefined;
    }
    return learned?.buildId;
  }

  /** Items by who is to have them; under undefined those for this replica. Their order is kept. */
  split<T>(items: readonly T[], workflowIdOf: (item: T) => string): Map<Peer | undefined, T[]> {
    const groups = new Map<Peer | undefined, T[]>();
    for (const item of items) {
      const holder = this.holderOf(workflowIdOf(item));
      const group = groups.get(holder);
      if (group === undefined) groups.set(holder, [item]);
      else group.push(item);
    }
    return groups;
  }

  /** Ends all connections; calls under way fail. */
  close(): void {
    this.update([]);
  }

  #peerAt(replicaId: string, url: string): Peer {
    let peer = this.#peers.get(replicaId);
    if (peer?.url !== url) {
      peer?.close();
      peer = new Peer({ ...this.#options, url });
      this.#peers.set(replicaId, peer);
    }
    return peer;
  }
}
