import { CONTROL_DECLINED_HEADER } from '@backstitch/protocol';
import { Pool } from 'undici';
import type { OrchestratorLogger } from '../observation/logger.js';

/** On calls that one replica passes on to another: whoever gets one answers it. The value names the sender. */
export const PASSED_ON_HEADER = 'x-backstitch-passed-on';

export interface PeerOptions {
  url: string;
  /** Shared secret of the control wire. */
  controlToken: string;
  /** Of this replica, the caller. */
  replicaId: string;
  logger: OrchestratorLogger;
}

export interface PeerCall {
  method: 'GET' | 'POST';
  /** With the query. */
  path: string;
  /** JSON text. */
  body?: string | undefined;
  deadlineMs: number;
  /** The answer may be long in coming: the call gets a connection that keeps no others from theirs. */
  isLongPoll?: boolean;
  signal?: AbortSignal;
}

export interface PeerAnswer {
  status: number;
  retryAfter: string | undefined;
  text: string;
}

/** Another replica gave no answer. `nothingDone`: the call has certainly not taken effect there. */
export class PeerUnreachableError extends Error {
  override readonly name = 'PeerUnreachableError';
  readonly code = 'PEER_UNREACHABLE';
  constructor(
    readonly url: string,
    readonly nothingDone: boolean,
    options?: { cause?: unknown },
  ) {
    super(`The orchestrator at ${url} does not answer.`, options);
  }
}

/** Connecting failed: nothing was sent. */
const NOT_CONNECTED_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);
const CONNECTIONS_MAX = 16;
const LONG_POLLS_MAX = 256;
const CONNECT_TIMEOUT_MS = 1_000;
/** Shorter than the time after which the server closes idle connections, so that none is used that is just being closed. */
const KEEP_ALIVE_MS = 30_000;
/** How long a peer that did not answer is left alone; doubling up to the maximum while it fails again. */
const AVOID_MS = 1_000;
const AVOID_MAX_MS = 30_000;

/**
 * Another replica, as this one calls it.
 *
 * States: trusted → avoided (a call had no answer; others answer in its place for a while) → trusted → … → closed (its leases ran out: calls under way fail).
 */
export class Peer {
  readonly url: string;
  readonly #options: PeerOptions;
  readonly #origin: string;
  readonly #path: string;
  readonly #pool: Pool;
  #longPolls: Pool | undefined;
  #isClosed = false;
  #avoidedUntilMs = 0;
  #failures = 0;

  constructor(options: PeerOptions) {
    const { origin, pathname } = new URL(options.url);
    this.url = options.url;
    this.#options = options;
    this.#origin = origin;
    this.#path = pathname.replace(/\/+$/, '');
    this.#pool = poolOf(origin, CONNECTIONS_MAX);
  }

  get isAvoided(): boolean {
    return this.#isClosed || this.#avoidedUntilMs > performance.now();
  }

  /** @throws PeerUnreachableError */
  async call({ method, path, body, deadlineMs, isLongPoll = false, signal }: PeerCall): Promise<PeerAnswer> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const timer = setTimeout(end, deadlineMs);
    signal?.addEventListener('abort', end);
    try {
      signal?.throwIfAborted();
      const pool = isLongPoll ? (this.#longPolls ??= poolOf(this.#origin, LONG_POLLS_MAX)) : this.#pool;
      const response = await pool.request({
        method,
        path: `${this.#path}/v1${path}`,
        headers: {
          authorization: `Bearer ${this.#options.controlToken}`,
          [PASSED_ON_HEADER]: this.#options.replicaId,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
        signal: ending.signal,
      });
      const text = await response.body.text();
      const { [CONTROL_DECLINED_HEADER]: declined, 'retry-after': retryAfter } = response.headers;
      // With another token than ours it is no peer of this deployment, or the token is just being changed.
      if (declined !== undefined || response.statusCode === 401) {
        throw new DeclinedError();
      }
      this.#failures = 0;
      return { status: response.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined, text };
    } catch (cause) {
      if (signal?.aborted !== true) {
        this.#avoid(cause);
      }
      throw new PeerUnreachableError(this.url, cause instanceof DeclinedError || NOT_CONNECTED_CODES.has(codeOf(cause)), { cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }

  /** Calls under way fail. */
  close(): void {
    this.#isClosed = true;
    void this.#pool.destroy();
    void this.#longPolls?.destroy();
  }

  #avoid(cause: unknown): void {
    if (this.isAvoided) {
      return;
    }
    const forMs = Math.min(AVOID_MS * 2 ** this.#failures, AVOID_MAX_MS);
    this.#failures += 1;
    this.#avoidedUntilMs = performance.now() + forMs;
    this.#options.logger.warn({ err: cause, url: this.url, forMs }, 'another replica does not answer; calls for it are answered here for a while');
  }
}

class DeclinedError extends Error {}

function poolOf(origin: string, connections: number): Pool {
  return new Pool(origin, { connections, connect: { timeout: CONNECT_TIMEOUT_MS }, keepAliveTimeout: KEEP_ALIVE_MS, pipelining: 1 });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return codeOf(error.errors[0]);
  }
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
