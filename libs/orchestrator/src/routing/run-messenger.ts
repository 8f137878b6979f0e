import type { EngineSurface, RunCall, RunCallAnswer, RunMessenger } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { PartitionDirectory } from './partition-directory.js';
import { PeerUnreachableError, type Peer } from './peer.js';

export const INTERNAL_RUN_CALLS_PATH = '/internal/run-calls';

const DEADLINE_MS = 10_000;
const CALLS_PER_REQUEST_MAX = 100;
/** Text in one request to another replica, so that it stays below the wire's limit: two payloads of 2 MiB, and then some. */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;

export interface RoutedRunMessengerOptions {
  /** This replica's own engine. */
  receive: EngineSurface['receive'];
  directory: Pick<PartitionDirectory, 'hasPeers' | 'split'>;
  logger: OrchestratorLogger;
}

/**
 * Carries calls between runs to the replicas that hold the called runs. A holder that does not answer, or refuses, is done without: the call is taken here,
 * fenced (law L2); every call is idempotent, so it does no harm if that one took it after all.
 */
export class RoutedRunMessenger implements RunMessenger {
  readonly #options: RoutedRunMessengerOptions;

  constructor(options: RoutedRunMessengerOptions) {
    this.#options = options;
  }

  async send(calls: readonly RunCall[]): Promise<RunCallAnswer[]> {
    const { receive, directory } = this.#options;
    // A replica that is alone pays nothing.
    if (!directory.hasPeers) {
      return receive(calls);
    }
    const groups = directory.split([...calls.keys()], (index) => calls[index]?.workflowId ?? '');
    const answers: RunCallAnswer[] = new Array<RunCallAnswer>(calls.length);
    const parts = [...groups].map(async ([peer, indexes]) => {
      const group = indexes.map((index) => calls[index] as RunCall);
      const answered = await (peer === undefined ? receive(group) : this.#sendTo(peer, group));
      indexes.forEach((index, position) => (answers[index] = answered[position] as RunCallAnswer));
    });
    const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    return answers;
  }

  async #sendTo(peer: Peer, calls: readonly RunCall[]): Promise<RunCallAnswer[]> {
    const answers: RunCallAnswer[] = [];
    for (const part of inParts(calls)) {
      answers.push(...(await this.#request(peer, part)));
    }
    return answers;
  }

  async #request(peer: Peer, { calls, body }: Part): Promise<RunCallAnswer[]> {
    const { receive, logger } = this.#options;
    try {
      const { status, text } = await peer.call({ method: 'POST', path: INTERNAL_RUN_CALLS_PATH, body, deadlineMs: DEADLINE_MS });
      const { answers } = (status === 200 ? JSON.parse(text) : {}) as { answers?: RunCallAnswer[] };
      if (answers?.length === calls.length) {
        return answers;
      }
      logger.warn({ url: peer.url, status }, 'another replica refused calls between runs; they are taken here');
    } catch (error) {
      if (!(error instanceof PeerUnreachableError)) {
        throw error;
      }
    }
    return receive(calls);
  }
}

interface Part {
  calls: RunCall[];
  body: string;
}

function inParts(calls: readonly RunCall[]): Part[] {
  const parts: Part[] = [];
  let texts: string[] = [];
  let taken: RunCall[] = [];
  let bytes = 0;
  const end = (): void => {
    if (taken.length > 0) parts.push({ calls: taken, body: `{"calls":[${texts.join()}]}` });
    [texts, taken, bytes] = [[], [], 0];
  };
  for (const call of calls) {
    const text = JSON.stringify(call);
    if (taken.length >= CALLS_PER_REQUEST_MAX || bytes + text.length > REQUEST_BYTES_MAX) end();
    taken.push(call);
    texts.push(text);
    bytes += text.length;
  }
  end();
  return parts;
}
