import type { EngineObserver } from '@backstitch/engine';
import type { PartitionDirectory } from '../routing/partition-directory.js';
import type { Peer } from '../routing/peer.js';
import { INTERNAL_WAKE_PATH } from './deployment-routes.js';

type DueElsewhere = Parameters<NonNullable<EngineObserver['dueElsewhere']>>[0];

const DEADLINE_MS = 5_000;
/** Runs remembered for one peer while a call to it is under way; those beyond it are found by its timer. */
const WAITING_MAX = 10_000;

/**
 * Tells the replica that runs a run's build that there is something to do. A hint: what is due stands in the database, and that replica's timer finds it
 * with the next renewal of its leases. What goes to one replica goes one call at a time, with whatever waits for it by then.
 */
export class BuildHints {
  readonly #directory: Pick<PartitionDirectory, 'holderOfBuild' | 'learn'>;
  readonly #waiting = new Map<Peer, Set<string>>();
  readonly #calls = new Set<Promise<void>>();

  constructor(directory: Pick<PartitionDirectory, 'holderOfBuild' | 'learn'>) {
    this.#directory = directory;
  }

  tell({ workflowId, runId, buildId }: DueElsewhere): void {
    this.#directory.learn(workflowId, buildId);
    const peer = this.#directory.holderOfBuild(workflowId, buildId);
    if (peer === undefined) {
      return;
    }
    const waiting = this.#waiting.get(peer);
    if (waiting === undefined) {
      this.#waiting.set(peer, new Set([runId]));
      const call = this.#drain(peer).finally(() => {
        this.#waiting.delete(peer);
        this.#calls.delete(call);
      });
      this.#calls.add(call);
    } else if (waiting.size < WAITING_MAX) {
      waiting.add(runId);
    }
  }

  /** Resolves when no call is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#calls);
  }

  async #drain(peer: Peer): Promise<void> {
    await Promise.resolve();
    for (let waiting = this.#waiting.get(peer); waiting !== undefined && waiting.size > 0; waiting = this.#waiting.get(peer)) {
      const runIds = [...waiting];
      waiting.clear();
      await peer.call({ method: 'POST', path: INTERNAL_WAKE_PATH, body: JSON.stringify({ runIds }), deadlineMs: DEADLINE_MS }).catch(() => undefined);
    }
  }
}
