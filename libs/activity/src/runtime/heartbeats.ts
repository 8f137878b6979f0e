import type { JsonValue } from '@backstitch/protocol';

export interface HeartbeatTargets {
  heartbeatTimeoutMs?: number;
  /** Shows the details as the job's progress, and looks for a request to cancel. Never rejects. */
  show(details: JsonValue | undefined): void;
  /** Tells the engine that the attempt lives: where there is a heartbeat time-out. */
  report(): void;
}

/** Progress is shown, and a request to cancel looked for, at most so often. */
const SHOW_INTERVAL_MS = 1_000;
/** The engine is told once in this share of the time-out: the word passes a queue and a commit, so earlier than Temporal's four fifths. */
const REPORT_SHARE = 0.5;
const REPORT_INTERVAL_MS_MAX = 60_000;

/** Heartbeats of one attempt, throttled: the first goes at once, then the newest of each interval when it ends. */
export class Heartbeats {
  private readonly showing: Throttle;
  private readonly reporting: Throttle | undefined;
  private details: JsonValue | undefined;

  constructor(targets: HeartbeatTargets) {
    const { heartbeatTimeoutMs } = targets;
    this.showing = new Throttle(SHOW_INTERVAL_MS, () => targets.show(this.details));
    if (heartbeatTimeoutMs !== undefined) {
      this.reporting = new Throttle(Math.min(heartbeatTimeoutMs * REPORT_SHARE, REPORT_INTERVAL_MS_MAX), () => targets.report());
    }
  }

  beat(details: JsonValue | undefined): void {
    if (details !== undefined) this.details = details;
    this.showing.ask();
    this.reporting?.ask();
  }

  stop(): void {
    this.showing.stop();
    this.reporting?.stop();
  }
}

class Throttle {
  private timer: NodeJS.Timeout | undefined;
  private isAsked = false;

  constructor(
    private readonly intervalMs: number,
    private readonly action: () => void,
  ) {}

  ask(): void {
    if (this.timer !== undefined) {
      this.isAsked = true;
      return;
    }
    this.isAsked = false;
    this.action();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isAsked) this.ask();
    }, this.intervalMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
