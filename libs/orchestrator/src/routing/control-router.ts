import {
  ControlApiError,
  InternalError,
  StoreUnavailableError,
  type AwaitClosedResponse,
  type ControlError,
  type ControlErrorBody,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type StartWorkflowsResponse,
} from '@backstitch/protocol';
import type { PartitionDirectory } from './partition-directory.js';
import { PeerUnreachableError, type Peer, type PeerAnswer } from './peer.js';

export interface ControlRouterOptions {
  directory: Pick<PartitionDirectory, 'hasPeers' | 'holderOf' | 'split'>;
  /** Starts workflows in this replica. */
  startHere: (starts: readonly StartWorkflowRequest[]) => Promise<StartWorkflowResult[]>;
}

export interface RelayedCall {
  method: 'GET' | 'POST';
  /** Below `/v1`, as it was sent. */
  path: string;
  body: unknown;
  /** Made twice it does no harm: without an answer of the holder it is answered here. */
  isRepeatable: boolean;
  /** The answer may be so long in coming. */
  waitMs?: number;
}

/** A holder that stands still is known by its leases within seconds; a caller should not wait for that. */
const DEADLINE_MS = 3_000;
const DEADLINE_PER_START_MS = 20;
/** What a long poll gets on top of its own time. */
const LONG_POLL_GRACE_MS = 1_000;
const RETRY_AFTER_MS = 1_000;

/**
 * Passes control calls on to the replica that holds the run's partition. If that one cannot be reached the call is answered here, fenced (law L2); a
 * call that must not take effect twice, only if it has certainly not taken effect there.
 */
export class ControlRouter {
  readonly #options: ControlRouterOptions;

  constructor(options: ControlRouterOptions) {
    this.#options = options;
  }

  /** Answers in the order of the starts. What a holder refuses as a whole is refused start by start. */
  start(starts: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    const { directory, startHere } = this.#options;
    // A replica that is alone pays nothing.
    return directory.hasPeers ? this.#startByHolder(starts) : startHere(starts);
  }

  /** The holder's answer; undefined: it is to be answered here. @throws StoreUnavailableError: it may have taken effect */
  async relay(workflowId: string, { method, path, body, isRepeatable, waitMs }: RelayedCall): Promise<PeerAnswer | undefined> {
    const holder = this.#options.directory.holderOf(workflowId);
    if (holder === undefined) {
      return undefined;
    }
    try {
      const text = body === undefined || body === null ? undefined : JSON.stringify(body);
      return await holder.call({ method, path, body: text, deadlineMs: DEADLINE_MS + (waitMs ?? 0), isLongPoll: waitMs !== undefined });
    } catch (error) {
      if (error instanceof PeerUnreachableError && (error.nothingDone || isRepeatable)) {
        return undefined;
      }
      throw new StoreUnavailableError(RETRY_AFTER_MS, { cause: error });
    }
  }

  /**
   * Asks the holders of these workflows to tell when one of them is closed; `onClosed` gets the ids. Returns how to end it.
   * A holder that does not answer is not asked again: the caller looks for itself now and then.
   */
  watchClosed(workflowIds: readonly string[], timeoutMs: number, onClosed: (workflowIds: string[]) => void): () => void {
    const { directory } = this.#options;
    if (!directory.hasPeers) {
      return () => undefined;
    }
    const ending = new AbortController();
    for (const [holder, group] of directory.split(workflowIds, (workflowId) => workflowId)) {
      if (holder !== undefined) {
        void this.#askClosed(holder, group, timeoutMs, ending.signal).then(onClosed, () => undefined);
      }
    }
    return () => ending.abort();
  }

  async #askClosed(holder: Peer, workflowIds: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<string[]> {
    const body = JSON.stringify({ workflowIds, timeoutMs: Math.ceil(timeoutMs) });
    const { status, text } = await holder.call({ method: 'POST', path: '/workflows/await-closed', body, deadlineMs: timeoutMs + LONG_POLL_GRACE_MS, isLongPoll: true, signal });
    return status === 200 ? (JSON.parse(text) as AwaitClosedResponse).closed.map(({ workflowId }) => workflowId) : [];
  }

  async #startByHolder(starts: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    const groups = this.#options.directory.split([...starts.keys()], (index) => starts[index]?.workflowId ?? '');
    if (groups.size === 1 && groups.has(undefined)) {
      return this.#options.startHere(starts);
    }
    const results: StartWorkflowResult[] = new Array<StartWorkflowResult>(starts.length);
    const parts = [...groups].map(async ([holder, indexes]) => {
      const group = indexes.map((index) => starts[index] as StartWorkflowRequest);
      const answers = await (holder === undefined ? this.#options.startHere(group) : this.#startAt(holder, group)).catch((error: unknown) => {
        // The others' starts stand: those of this part alone are refused.
        if (error instanceof ControlApiError) return rejectEach(group, error.toJSON());
        throw error;
      });
      indexes.forEach((index, position) => (results[index] = answers[position] as StartWorkflowResult));
    });
    await Promise.all(parts);
    return results;
  }

  async #startAt(holder: Peer, starts: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    let answer: PeerAnswer;
    try {
      answer = await holder.call({ method: 'POST', path: '/workflows', body: JSON.stringify({ starts }), deadlineMs: DEADLINE_MS + DEADLINE_PER_START_MS * starts.length });
    } catch (error) {
      if (!(error instanceof PeerUnreachableError)) throw error;
      // Ids are taken once: it does no harm if that one started them after all.
      return this.#options.startHere(starts);
    }
    const body = JSON.parse(answer.text) as Partial<StartWorkflowsResponse & ControlErrorBody>;
    if (answer.status === 200 && body.results?.length === starts.length) {
      return body.results;
    }
    const error = body.error ?? new InternalError(`The orchestrator at ${holder.url} answered ${answer.status}.`).toJSON();
    return rejectEach(starts, error);
  }
}

function rejectEach(starts: readonly StartWorkflowRequest[], error: ControlError): StartWorkflowResult[] {
  return starts.map(({ workflowId }) => ({ status: 'rejected', workflowId, error }));
}
