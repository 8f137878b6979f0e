import { Injectable } from '@nestjs/common';
import { ConcurrencyLimit } from './concurrency-limit.js';

/** After the orchestrator refused a start, others are refused here for so long without asking it: what it works off meanwhile is little of what waits there. */
const CLOSED_MS = 100;
const WINDOW_MS = 1_000;
const RETRY_AFTER_MAX_SECONDS = 30;

export interface StartGateOptions {
  /** Starts that the orchestrator is asked for at once. */
  activeMax: number;
  /** Starts that wait for their turn. */
  waitingMax: number;
  nowMs?: () => number;
  random?: () => number;
}

/**
 * Where requests that start something pass. It bounds how many are under way, remembers for a moment that the orchestrator takes none, and knows when those who
 * are refused should come again: as many times a second as there were refusals for each that was taken, so that all of them together come about as fast as
 * the platform works.
 */
@Injectable()
export class StartGate {
  /** Of requests' own starts. */
  readonly limit: ConcurrencyLimit;
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #closedUntilMs = -Infinity;
  #windowStartedAtMs: number;
  #taken = 0;
  #refused = 0;
  #secondsBetween = 1;

  constructor({ activeMax, waitingMax, nowMs = () => performance.now(), random = Math.random }: StartGateOptions) {
    this.limit = new ConcurrencyLimit({ activeMax, waitingMax });
    this.#nowMs = nowMs;
    this.#random = random;
    this.#windowStartedAtMs = nowMs();
  }

  /** Whether a start would be refused now, whatever it is. */
  get isClosed(): boolean {
    return this.limit.isFull || this.#nowMs() < this.#closedUntilMs;
  }

  /** The orchestrator has taken a start. */
  taken(): void {
    this.#turnWindow();
    this.#taken += 1;
  }

  /** The orchestrator takes none for the moment. */
  close(): void {
    this.#closedUntilMs = this.#nowMs() + CLOSED_MS;
  }

  /** A request is refused. @returns when to come again, in whole seconds: jittered, 1 to 30 */
  refused(): number {
    this.#turnWindow();
    this.#refused += 1;
    return Math.min(RETRY_AFTER_MAX_SECONDS, Math.max(1, Math.round(this.#secondsBetween * (0.5 + this.#random()))));
  }

  #turnWindow(): void {
    const elapsedMs = this.#nowMs() - this.#windowStartedAtMs;
    if (elapsedMs < WINDOW_MS) return;
    // A window that nobody turned for long says nothing of now.
    this.#secondsBetween = elapsedMs > 10 * WINDOW_MS ? 1 : this.#refused / Math.max(1, this.#taken);
    this.#windowStartedAtMs = this.#nowMs();
    this.#taken = 0;
    this.#refused = 0;
  }
}
