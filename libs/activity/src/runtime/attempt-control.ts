import type { JsonValue } from '@backstitch/protocol';
import { CANCELLATION_REASON, type ActivityCancellationDetails } from '../context/cancellation.js';
import { CancelledFailure, TimeoutFailure } from '../errors/application-failure.js';
import { attemptTimeout } from '../errors/timeout-failure.js';

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
 *   running → ended    a time limit was reached or the connection broke: what `onEnd` registered is called, nothing can commit
 *
 * Cancellation, and the service's stop, only abort the signal: the handler decides.
 */
export class AttemptControl {
  /** Made when somebody asks for the signal: most handlers never do. */
  private controller: AbortController | undefined;
  private state: 'running' | 'sealed' | 'ended' = 'running';
  private endReason: Error | undefined;
  private readonly endListeners = new Set<(reason: Error) => void>();
  private timer: NodeJS.Timeout | undefined;
  private heartbeatTimer: NodeJS.Timeout | undefined;
  private lastHeartbeat: JsonValue | undefined;
  private cancelled = false;
  private shutDown = false;
  private handling = false;
  private disposeListener: (() => void) | undefined;
  private endAfterSeal: Error | undefined;

  constructor(private readonly limits: AttemptLimits) {
    const startToCloseAtMs = limits.startToCloseTimeoutMs === undefined ? Infinity : Date.now() + limits.startToCloseTimeoutMs;
    const deadlineMs = limits.scheduleToCloseDeadlineMs ?? Infinity;
    if (startToCloseAtMs <= deadlineMs) this.at(startToCloseAtMs, () => this.end(attemptTimeout('START_TO_CLOSE', this.lastHeartbeat)));
    else this.at(deadlineMs, () => this.end(attemptTimeout('SCHEDULE_TO_CLOSE', this.lastHeartbeat)));
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      const reason = this.endReason ?? this.cancellation();
      if (reason !== undefined) this.controller.abort(reason);
    }
    return this.controller.signal;
  }

  get isCancelRequested(): boolean {
    return this.cancelled;
  }

  /** The service stops, and nobody else has asked for the attempt's end. */
  get isShutDown(): boolean {
    return this.shutDown && !this.cancelled;
  }

  /** Whether the handler has been called. */
  get isHandling(): boolean {
    return this.handling;
  }

  /** Why the signal is aborted; undefined while it is not. */
  get cancellationDetails(): ActivityCancellationDetails | undefined {
    const timedOut = this.endReason instanceof TimeoutFailure;
    if (!this.cancelled && !this.shutDown && !timedOut) return undefined;
    return { cancelRequested: this.cancelled, timedOut, workerShutdown: this.shutDown, paused: false, reset: false, notFound: false };
  }

  /** The handler is called now: from here on it has to give signs of life. */
  beginHandling(): void {
    this.handling = true;
    this.armHeartbeat();
  }

  get heartbeatDetails(): JsonValue | undefined {
    return this.lastHeartbeat;
  }

  /** Cancellation was requested: aborts the signal with a CancelledFailure. */
  requestCancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.controller?.abort(this.cancellation());
  }

  /** The service stops: aborts the signal with a CancelledFailure that says so. The handler decides; it may still complete. */
  requestShutdown(): void {
    if (this.shutDown) return;
    this.shutDown = true;
    this.controller?.abort(this.cancellation());
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
    this.endReason = reason;
    for (const listener of this.endListeners) listener(reason);
    this.controller?.abort(reason);
    this.dispose();
  }

  /** Throws the reason if the attempt has been ended. */
  check(): void {
    if (this.endReason !== undefined) throw this.endReason;
  }

  /** From here on the attempt is committed. Throws the reason if it has been ended before. */
  seal(): void {
    if (this.endReason !== undefined) throw this.endReason;
    this.state = 'sealed';
  }

  /** The commit failed and the attempt goes on; a limit that was reached meanwhile ends it now. */
  unseal(): void {
    if (this.state !== 'sealed') return;
    this.state = 'running';
    if (this.endAfterSeal !== undefined) this.end(this.endAfterSeal);
  }

  /** Calls the listener if the attempt is ended from outside; at once if it was. Returns how to forget it. */
  onEnd(listener: (reason: Error) => void): () => void {
    if (this.endReason !== undefined) listener(this.endReason);
    else this.endListeners.add(listener);
    return () => this.endListeners.delete(listener);
  }

  /** Calls the listener when the attempt's timers are stopped. */
  onDispose(listener: () => void): void {
    this.disposeListener = listener;
  }

  /** Stops all timers. */
  dispose(): void {
    this.disposeListener?.();
    clearTimeout(this.timer);
    clearTimeout(this.heartbeatTimer);
  }

  private cancellation(): CancelledFailure | undefined {
    if (this.cancelled) return new CancelledFailure(CANCELLATION_REASON.cancelled);
    return this.shutDown ? new CancelledFailure(CANCELLATION_REASON.workerShutdown) : undefined;
  }

  private at(timeMs: number, action: () => void): void {
    if (timeMs === Infinity) return;
    const remainingMs = timeMs - Date.now();
    this.timer = setTimeout(
      () => {
        if (Date.now() < timeMs) this.at(timeMs, action);
        else action();
      },
      Math.min(Math.max(remainingMs, 0), TIMER_MS_MAX),
    );
  }

  private armHeartbeat(): void {
    const { heartbeatTimeoutMs } = this.limits;
    clearTimeout(this.heartbeatTimer);
    if (heartbeatTimeoutMs === undefined || !this.handling || this.state !== 'running') return;
    this.heartbeatTimer = setTimeout(() => this.end(attemptTimeout('HEARTBEAT', this.lastHeartbeat)), Math.min(heartbeatTimeoutMs, TIMER_MS_MAX));
  }
}
