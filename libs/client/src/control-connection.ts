import { setTimeout as delay } from 'node:timers/promises';
import { callContext } from './call-context.js';
import type { ControlClientOptions } from './client-options.js';
import type { ControlCall, ControlCaller } from './control-caller.js';
import { codeOf, ControlEndpoint } from './control-endpoint.js';
import { DeclinedAnswer, OrchestratorUnreachableError } from './errors.js';
import { mayExceedLimit } from './payload-limit.js';

/** The connection broke before an answer came. */
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * The control wire as seen from the caller: one or more orchestrator replicas, which all answer the same. Calls take turns among them. One that does not
 * answer is left alone for a while, and where that is safe the call goes to the next one at once.
 */
export class ControlConnection implements ControlCaller {
  readonly #endpoints: readonly ControlEndpoint[];
  readonly #timeoutMs: number;
  readonly #retriesMax: number;
  readonly #retryPauseMs: number;
  #turn = 0;

  /** @throws TypeError if `url` holds no URL */
  constructor({ url, token, timeoutMs = 10_000, connectTimeoutMs = 2_000, connectionsMax = 32, connectRetriesMax = 2, connectRetryPauseMs = 100 }: ControlClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.#retriesMax = connectRetriesMax;
    this.#retryPauseMs = connectRetryPauseMs;
    const urls = url.split(',').map((part) => part.trim());
    this.#endpoints = urls.map((each) => new ControlEndpoint({ url: each, token, connectTimeoutMs, connectionsMax }));
  }

  /**
   * Makes a call and answers its body; undefined for 204.
   * @throws ControlApiError as the orchestrator threw it, OrchestratorUnreachableError, UnexpectedControlAnswerError; CallDeadlineExceededError and
   * CallCancelledError within withDeadline and withAbortSignal
   */
  async call<Answer>(call: ControlCall): Promise<Answer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    if (call.checkPayloads !== undefined && body !== undefined && mayExceedLimit(body)) call.checkPayloads();
    const context = callContext();
    const giveUpAtMs = performance.now() + this.#timeoutMs + (call.waitMs ?? 0);
    const tried = new Set<ControlEndpoint>();
    for (let round = 0; ; ) {
      const endpoint = this.#next(tried);
      try {
        return await endpoint.request<Answer>({ method: call.method, path: call.path, body, budgetMs: this.#budgetMs(call), ...context });
      } catch (error) {
        tried.add(endpoint);
        const isLast = tried.size === this.#endpoints.length;
        if (error instanceof DeclinedAnswer && isLast) {
          throw error.error;
        }
        if (!this.#mayRepeat(call, error) || (isLast && round >= this.#retriesMax) || performance.now() >= giveUpAtMs) {
          throw error;
        }
      }
      if (tried.size === this.#endpoints.length) {
        tried.clear();
        await delay(this.#retryPauseMs * 2 ** round);
        round += 1;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }

  /** The next in turn that was not tried yet; one that did not answer lately only if there is no other. */
  #next(tried: ReadonlySet<ControlEndpoint>): ControlEndpoint {
    const count = this.#endpoints.length;
    this.#turn = (this.#turn + 1) % count;
    const inTurn = [...this.#endpoints.slice(this.#turn), ...this.#endpoints.slice(0, this.#turn)].filter((endpoint) => !tried.has(endpoint));
    const nowMs = performance.now();
    const [soonest] = [...inTurn].sort((one, other) => one.avoidedUntilMs - other.avoidedUntilMs);
    return (inTurn.find(({ avoidedUntilMs }) => avoidedUntilMs <= nowMs) ?? soonest) as ControlEndpoint;
  }

  /** Where another one can be asked after it, half of the time is for the first. */
  #budgetMs({ isIdempotent, waitMs = 0 }: ControlCall): number {
    const share = isIdempotent && this.#endpoints.length > 1 ? 2 : 1;
    return Math.ceil(this.#timeoutMs / share) + waitMs;
  }

  #mayRepeat({ isIdempotent, waitMs = 0 }: ControlCall, error: unknown): boolean {
    if (error instanceof DeclinedAnswer) {
      return true;
    }
    if (!(error instanceof OrchestratorUnreachableError)) {
      return false;
    }
    // One that stands still takes calls and answers none: another is asked in its place, save after a long wait, which the caller had better begin anew.
    const hasTimeForAnother = this.#endpoints.length > 1 && waitMs === 0;
    return error.nothingSent || (isIdempotent && (hasTimeForAnother || BROKEN_CODES.has(codeOf(error.cause))));
  }
}
