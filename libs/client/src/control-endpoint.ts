import { CONTROL_DECLINED_HEADER, type ControlErrorBody } from '@backstitch/protocol';
import { Pool } from 'undici';
import { CallCancelledError, CallDeadlineExceededError, DeclinedAnswer, OrchestratorUnreachableError, UnexpectedControlAnswerError } from './errors.js';
import { reviveControlError } from './revive-error.js';

export interface ControlEndpointOptions {
  url: string;
  token: string;
  connectTimeoutMs: number;
  connectionsMax: number;
}

export interface ControlRequest {
  method: 'GET' | 'POST';
  /** Below `/v1`. */
  path: string;
  body: string | undefined;
  budgetMs: number;
  /** Milliseconds since 1970: the caller waits no longer. */
  deadlineMs?: number;
  /** The caller gives up. */
  abortSignal?: AbortSignal;
}

/** Connecting failed: nothing was sent. */
const NOT_CONNECTED_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);
/** How long an endpoint that did not answer is left alone while there are others; doubling up to the maximum while it fails again. */
const AVOID_MS = 1_000;
const AVOID_MAX_MS = 30_000;

/** One address of the control wire: keep-alive connections, time-outs, errors as the classes that the orchestrator threw. */
export class ControlEndpoint {
  readonly #url: string;
  readonly #path: string;
  readonly #headers: Record<string, string>;
  readonly #pool: Pool;
  #failures = 0;
  #avoidedUntilMs = 0;

  constructor({ url, token, connectTimeoutMs, connectionsMax }: ControlEndpointOptions) {
    const { origin, pathname } = new URL(url);
    this.#url = origin;
    this.#path = `${pathname.replace(/\/+$/, '')}/v1`;
    this.#headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    this.#pool = new Pool(origin, {
      connections: connectionsMax,
      connect: { timeout: connectTimeoutMs },
      // Shorter than the 72 s after which the server closes idle connections, so that none is used that is just being closed.
      keepAliveTimeout: 30_000,
      pipelining: 1,
    });
  }

  /** Others are to be preferred until then, by `performance.now()`. */
  get avoidedUntilMs(): number {
    return this.#avoidedUntilMs;
  }

  /** @throws ControlApiError as the orchestrator threw it, OrchestratorUnreachableError, DeclinedAnswer, UnexpectedControlAnswerError, CallDeadlineExceededError, CallCancelledError */
  async request<Answer>({ method, path, body, budgetMs, deadlineMs = Infinity, abortSignal }: ControlRequest): Promise<Answer> {
    const remainingMs = Math.min(budgetMs, deadlineMs - Date.now());
    if (remainingMs <= 0) throw new CallDeadlineExceededError();
    if (isAborted(abortSignal)) throw new CallCancelledError();
    const timeout = AbortSignal.timeout(Math.ceil(remainingMs));
    let status: number;
    let text: string;
    let isDeclined: boolean;
    try {
      const response = await this.#pool.request({
        method,
        path: this.#path + path,
        headers: body === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
        body: body ?? null,
        headersTimeout: budgetMs,
        bodyTimeout: budgetMs,
        // Waiting for a free connection counts too.
        signal: abortSignal === undefined ? timeout : AbortSignal.any([timeout, abortSignal]),
      });
      status = response.statusCode;
      isDeclined = response.headers[CONTROL_DECLINED_HEADER] !== undefined;
      text = await response.body.text();
    } catch (cause) {
      // That the caller gives up says nothing of the endpoint.
      if (isAborted(abortSignal)) throw new CallCancelledError({ cause });
      if (Date.now() >= deadlineMs) throw new CallDeadlineExceededError({ cause });
      this.#avoid();
      throw new OrchestratorUnreachableError(this.#url, NOT_CONNECTED_CODES.has(codeOf(cause)), { cause });
    }
    if (isDeclined) {
      this.#avoid();
    } else {
      this.#failures = 0;
      this.#avoidedUntilMs = 0;
    }
    return this.#read<Answer>(status, text, isDeclined);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #avoid(): void {
    this.#avoidedUntilMs = performance.now() + Math.min(AVOID_MS * 2 ** this.#failures, AVOID_MAX_MS);
    this.#failures += 1;
  }

  #read<Answer>(status: number, text: string, isDeclined: boolean): Answer {
    if (status === 204) {
      return undefined as Answer;
    }
    const parsed = parseJson(text);
    if (status >= 200 && status < 300 && parsed !== undefined) {
      return parsed as Answer;
    }
    const error = (parsed as Partial<ControlErrorBody> | null | undefined)?.error;
    if (typeof error?.code === 'string' && typeof error.message === 'string') {
      const revived = reviveControlError(error);
      throw isDeclined ? new DeclinedAnswer(revived) : revived;
    }
    throw new UnexpectedControlAnswerError(this.#url, status);
  }
}

/** The code of what went wrong with a connection; empty if it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return codeOf(error.errors[0]);
  }
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
