import { setTimeout as delay } from 'node:timers/promises';
import type { ControlErrorBody } from '@backstitch/protocol';
import { Pool } from 'undici';
import type { WorkflowClientOptions } from './client-options.js';
import { OrchestratorUnreachableError, UnexpectedControlAnswerError } from './errors.js';
import { reviveControlError } from './revive-error.js';

export interface ControlCall {
  method: 'GET' | 'POST';
  /** Below `/v1`. */
  path: string;
  body?: object;
  /** It may be made twice without harm: it is tried again when the connection was refused or broke. Others only if nothing was sent. */
  isIdempotent: boolean;
  /** On top of the client's own time-out: how long the orchestrator may let the call wait. */
  waitMs?: number;
}

/** Connecting failed: nothing was sent. */
const NOT_CONNECTED_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);
/** The connection broke before an answer came. */
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** The control wire as seen from the caller: keep-alive connections, time-outs, errors as the classes that the orchestrator threw. */
export class ControlConnection {
  readonly #pool: Pool;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #retriesMax: number;
  readonly #retryPauseMs: number;

  constructor(options: WorkflowClientOptions) {
    const base = new URL(options.url);
    this.#url = base.origin;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#retriesMax = options.connectRetriesMax ?? 2;
    this.#retryPauseMs = options.connectRetryPauseMs ?? 100;
    this.#headers = { authorization: `Bearer ${options.token}`, accept: 'application/json' };
    this.#pool = new Pool(base.origin, {
      connections: options.connectionsMax ?? 32,
      connect: { timeout: options.connectTimeoutMs ?? 2_000 },
      // Shorter than the 72 s after which the server closes idle connections, so that none is used that is just being closed.
      keepAliveTimeout: 30_000,
      pipelining: 1,
    });
  }

  /**
   * Makes a call and answers its body; undefined for 204.
   * @throws ControlApiError as the orchestrator threw it, OrchestratorUnreachableError, UnexpectedControlAnswerError
   */
  async call<Answer>(call: ControlCall): Promise<Answer> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#callOnce<Answer>(call);
      } catch (error) {
        if (!(error instanceof OrchestratorUnreachableError) || retry >= this.#retriesMax || !this.#mayRepeat(call, error)) {
          throw error;
        }
        await delay(this.#retryPauseMs * 2 ** retry);
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #mayRepeat({ isIdempotent }: ControlCall, error: OrchestratorUnreachableError): boolean {
    return error.nothingSent || (isIdempotent && BROKEN_CODES.has(codeOf(error.cause)));
  }

  async #callOnce<Answer>({ method, path, body, waitMs = 0 }: ControlCall): Promise<Answer> {
    const budgetMs = this.#timeoutMs + waitMs;
    let status: number;
    let text: string;
    try {
      const response = await this.#pool.request({
        method,
        path: `/v1${path}`,
        headers: body === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: budgetMs,
        bodyTimeout: budgetMs,
        // Waiting for a free connection counts too.
        signal: AbortSignal.timeout(budgetMs),
      });
      status = response.statusCode;
      text = await response.body.text();
    } catch (cause) {
      throw new OrchestratorUnreachableError(this.#url, NOT_CONNECTED_CODES.has(codeOf(cause)), { cause });
    }
    return this.#read<Answer>(status, text);
  }

  #read<Answer>(status: number, text: string): Answer {
    if (status === 204) {
      return undefined as Answer;
    }
    const parsed = parseJson(text);
    if (status >= 200 && status < 300 && parsed !== undefined) {
      return parsed as Answer;
    }
    const error = (parsed as Partial<ControlErrorBody> | null | undefined)?.error;
    if (typeof error?.code === 'string' && typeof error.message === 'string') {
      throw reviveControlError(error);
    }
    throw new UnexpectedControlAnswerError(this.#url, status);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return codeOf(error.errors[0]);
  }
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
