import { partitionOf } from '@backstitch/protocol';
import type { OtherReplica } from '../leases/partition-leases.js';
import { Peer, type PeerOptions } from './peer.js';

export interface PartitionDirectoryOptions extends Pick<PeerOptions, 'controlToken' | 'replicaId' | 'logger'> {
  partitionCount: number;
  /** What was learned with the last renewal is not to be relied on any more. */
  isLapsed: () => boolean;
}

/**
 * Who holds which partition, as the last renewal of the leases told. It may be outdated by as much as a pause between renewals; then a call reaches
 * a replica that holds the partition no longer, and the fence (law L2) makes that harmless.
 */
export class PartitionDirectory {
  readonly #options: PartitionDirectoryOptions;
  readonly #peers = new Map<string, Peer>();
  #holders: readonly (Peer | undefined)[] = [];
  #hasPeers = false;

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
    this.#hasPeers = this.#peers.size > 0;
  }

  /** Who else holds the partition of a workflow and can be expected to answer; undefined: answer it here. */
  holderOf(workflowId: string): Peer | undefined {
    if (!this.#hasPeers || this.#options.isLapsed()) {
      return undefined;
    }
    const holder = this.#holders[partitionOf(workflowId, this.#options.partitionCount)];
    return holder?.isAvoided === false ? holder : undefined;
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
