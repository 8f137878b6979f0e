import type { EngineSurface } from '@backstitch/engine';
import type { ActivityOutcome } from '@backstitch/protocol';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { PartitionDirectory } from './partition-directory.js';
import { PeerUnreachableError, type Peer } from './peer.js';

export const INTERNAL_OUTCOMES_PATH = '/internal/outcomes';
/** Outcomes in one call to another replica. */
export const OUTCOMES_PER_CALL_MAX = 500;

/** A holder that is loaded takes its time; one that died is known earlier, by its broken connection or its leases. */
const DEADLINE_MS = 10_000;
/** Text in one call to another replica, so that it stays below the wire's limit: two payloads of 2 MiB, and then some. */
const CALL_BYTES_MAX = 4 * 1024 * 1024;

export interface OutcomeRouterOptions {
  engine: Pick<EngineSurface, 'deliver'>;
  directory: Pick<PartitionDirectory, 'hasPeers' | 'split'>;
  logger: OrchestratorLogger;
  /** Counts outcomes that were passed on, and those that came back since their holder did not answer. */
  onPassedOn?: (outcomes: number, answered: boolean) => void;
}

/**
 * Brings outcomes to the replica that holds their run's partition and has it in memory. Calls to another replica are made one at a time, with whatever waits
 * for it by then. A holder that does not answer, or refuses, is done without: the outcomes are delivered here, and the fence keeps that from harm.
 */
export class OutcomeRouter {
  readonly #options: OutcomeRouterOptions;
  readonly #lines = new WeakMap<Peer, Line>();

  constructor(options: OutcomeRouterOptions) {
    this.#options = options;
  }

  /** As `EngineSurface.deliver`: resolves when all are committed, here or there. */
  deliver(outcomes: readonly ActivityOutcome[]): Promise<void> {
    const { engine, directory } = this.#options;
    // A replica that is alone pays nothing.
    return directory.hasPeers ? this.#deliverByHolder(outcomes) : engine.deliver(outcomes);
  }

  async #deliverByHolder(outcomes: readonly ActivityOutcome[]): Promise<void> {
    const { engine, directory } = this.#options;
    const groups = directory.split(outcomes, ({ workflowId }) => workflowId);
    const deliveries = [...groups].map(([peer, group]) => (peer === undefined ? engine.deliver(group) : this.#passOn(peer, group)));
    const failed = (await Promise.allSettled(deliveries)).find((delivery) => delivery.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  async #passOn(peer: Peer, outcomes: readonly ActivityOutcome[]): Promise<void> {
    const { engine, onPassedOn } = this.#options;
    let line = this.#lines.get(peer);
    if (line === undefined) {
      line = new Line(peer);
      this.#lines.set(peer, line);
    }
    try {
      await line.send(outcomes);
      onPassedOn?.(outcomes.length, true);
    } catch (error) {
      if (!(error instanceof PeerUnreachableError)) {
        this.#options.logger.warn({ err: error, url: peer.url }, 'another replica refused outcomes; they are delivered here');
      }
      onPassedOn?.(outcomes.length, false);
      await engine.deliver(outcomes);
    }
  }
}

/** Another replica did not commit the outcomes that it was sent. */
class OutcomesRefusedError extends Error {
  override readonly name = 'OutcomesRefusedError';
}

interface Waiting {
  /** The outcomes as JSON texts. */
  texts: string[];
  bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** What goes to one replica: at most two calls under way, the rest waits and goes together. */
class Line {
  static readonly #CALLS_MAX = 2;
  readonly #peer: Peer;
  #waiting: Waiting[] = [];
  #callsUnderWay = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  send(outcomes: readonly ActivityOutcome[]): Promise<void> {
    const texts = outcomes.map((outcome) => JSON.stringify(outcome));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ texts, bytes: texts.reduce((sum, { length }) => sum + length, 0), resolve, reject });
      if (this.#callsUnderWay < Line.#CALLS_MAX) {
        this.#callsUnderWay += 1;
        void this.#drain();
      }
    });
  }

  async #drain(): Promise<void> {
    // Let the caller of this moment put in all that it has.
    await Promise.resolve();
    for (let taken = this.#take(); taken.length > 0; taken = this.#take()) {
      try {
        const body = `{"outcomes":[${taken.flatMap(({ texts }) => texts).join()}]}`;
        const { status } = await this.#peer.call({ method: 'POST', path: INTERNAL_OUTCOMES_PATH, body, deadlineMs: DEADLINE_MS });
        if (status !== 204) {
          throw new OutcomesRefusedError(`The orchestrator at ${this.#peer.url} answered ${status}.`);
        }
        taken.forEach(({ resolve }) => resolve());
      } catch (error) {
        taken.forEach(({ reject }) => reject(error));
      }
    }
    this.#callsUnderWay -= 1;
  }

  #take(): Waiting[] {
    let outcomes = 0;
    let bytes = 0;
    let count = 0;
    for (const each of this.#waiting) {
      outcomes += each.texts.length;
      bytes += each.bytes;
      if (count > 0 && (outcomes > OUTCOMES_PER_CALL_MAX || bytes > CALL_BYTES_MAX)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
