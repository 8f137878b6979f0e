import type { JsonValue } from '@backstitch/protocol';
import { CancelledFailure } from '../errors/cancelled-failure.js';
import { TimeoutFailure } from '../errors/timeout-failure.js';

export interface AttemptLimits {
  startToCloseTimeoutMs?: number;
  heartbeatTimeoutMs?: number;
  /** Absolute. */
  scheduleToCloseDeadlineMs?: number;
}

/** Longest delay of a Node timer; a longer limit is looked at again. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Time limits and cancellation of one attempt.
 *
 *   running → sealed   the effect is about to be committed: no time limit ends the attempt any more
 *   running → ended    a time limit was reached or the connection broke: `ended` rejects, what `onEnd` registered is called, nothing can commit
 *
 * Cancellation only aborts the signal: the handler decides.
 */
export class AttemptControl {
  /** Rejects when the attempt is ended from outside; never resolves. */
  readonly ended: Promise<never>;
  private readonly controller = new AbortController();
  private reject!: (reason: Error) => void;
  private state: 'running' | 'sealed' | 'ended' = 'running';
  private readonly endListeners = new Set<() => void>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private heartbeatTimer: NodeJS.Timeout | undefined;
  private lastHeartbeat: JsonValue | undefined;
  private cancelled = false;
  private endAfterSeal: Error | undefined;

  constructor(private readonly limits: AttemptLimits) {
    this.ended = new Promise<never>((_resolve, reject) => {
      this.reject = reject;
    });
    this.ended.catch(() => undefined);
    const startToCloseAtMs = limits.startToCloseTimeoutMs === undefined ? Infinity : Date.now() + limits.startToCloseTimeoutMs;
    const deadlineMs = limits.scheduleToCloseDeadlineMs ?? Infinity;
    if (startToCloseAtMs <= deadlineMs) this.at(startToCloseAtMs, () => this.end(new TimeoutFailure('START_TO_CLOSE', this.lastHeartbeat)));
    else this.at(deadlineMs, () => this.end(new TimeoutFailure('SCHEDULE_TO_CLOSE', this.lastHeartbeat)));
    this.armHeartbeat();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isCancelRequested(): boolean {
    return this.cancelled;
  }

  get heartbeatDetails(): JsonValue | undefined {
    return this.lastHeartbeat;
  }

  /** Cancellation was requested: aborts the signal with a CancelledFailure. */
  requestCancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.controller.abort(new CancelledFailure());
  }

  recordHeartbeat(details: JsonValue | undefined): void {
    if (details !== undefined) this.lastHeartbeat = details;
    this.armHeartbeat();
  }

  /** Ends the attempt from outside, unless it is being committed. */
  end(reason: Error): void {
    if (this.state === 'sealed') this.endAfterSeal ??= reason;
    if (this.state !== 'running') return;
    this.state = 'ended';
    this.reject(reason);
    for (const listener of this.endListeners) listener();
    this.controller.abort(reason);
    this.dispose();
  }

  /** From here on the attempt is committed. Throws the reason if it has been ended before. */
  async seal(): Promise<void> {
    if (this.state === 'ended') await this.ended;
    this.state = 'sealed';
  }

  /** The commit failed and the attempt goes on; a limit that was reached meanwhile ends it now. */
  unseal(): void {
    if (this.state !== 'sealed') return;
    this.state = 'running';
    if (this.endAfterSeal !== undefined) this.end(this.endAfterSeal);
  }

  /** Calls the listener if the attempt is ended from outside; at once if it was. Returns how to forget it. */
  onEnd(listener: () => void): () => void {
    if (this.state === 'ended') listener();
    else this.endListeners.add(listener);
    return () => this.endListeners.delete(listener);
  }

  /** Stops all timers. */
  dispose(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    clearTimeout(this.heartbeatTimer);
  }

  private at(timeMs: number, action: () => void): void {
    if (timeMs === Infinity) return;
    const remainingMs = timeMs - Date.now();
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        if (Date.now() < timeMs) this.at(timeMs, action);
        else action();
      },
      Math.min(Math.max(remainingMs, 0), TIMER_MS_MAX),
    );
    this.timers.add(timer);
  }

  private armHeartbeat(): void {
    const { heartbeatTimeoutMs } = this.limits;
    clearTimeout(this.heartbeatTimer);
    if (heartbeatTimeoutMs === undefined || this.state !== 'running') return;
    this.heartbeatTimer = setTimeout(() => this.end(new TimeoutFailure('HEARTBEAT', this.lastHeartbeat)), Math.min(heartbeatTimeoutMs, TIMER_MS_MAX));
  }
}
