import { ENVELOPE_VERSION, LIMITS, type ActivityOutcome, type OutcomeBatchJob } from '@backstitch/protocol';
import type { JobQueues, QueueLogger } from '@backstitch/queues';
import { randomUUID } from 'node:crypto';

/** Reports wait so long for others to go along: a heartbeat is in no hurry. */
const GATHER_MS = 50;
const RETRY_PAUSE_MS = 1_000;
/** Beyond it a queue that is away costs reports, the oldest first: they are hints. */
const WAITING_MAX = 10_000;

/**
 * Tells the engine which attempts are under way (law L8), many in one reply job. Only the newest report of an attempt is kept while it waits. Reports of ordinary
 * short attempts are never made.
 */
export class AttemptReports {
  private readonly waiting = new Map<string, Map<string, ActivityOutcome>>();
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly queues: Pick<JobQueues, 'addBulk'>,
    private readonly logger: QueueLogger,
  ) {}

  /** Never rejects, never waits. */
  report(replyTo: string, outcome: ActivityOutcome): void {
    if (this.closed) return;
    let lane = this.waiting.get(replyTo);
    if (lane === undefined) this.waiting.set(replyTo, (lane = new Map<string, ActivityOutcome>()));
    const id = `${outcome.key} ${outcome.attempt}`;
    lane.delete(id);
    if (lane.size >= WAITING_MAX) lane.delete(lane.keys().next().value ?? '');
    lane.set(id, outcome);
    this.schedule(GATHER_MS);
  }

  /** Sends what waits, once, and then nothing any more. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.sending;
    if (!this.closed) await this.send();
    this.closed = true;
    this.waiting.clear();
  }

  private schedule(delayMs: number): void {
    if (this.timer !== undefined || this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sending = this.send();
    }, delayMs);
  }

  private async send(): Promise<void> {
    await Promise.all([...this.waiting].map(([replyTo, lane]) => this.sendLane(replyTo, lane)));
  }

  private async sendLane(replyTo: string, lane: Map<string, ActivityOutcome>): Promise<void> {
    while (lane.size > 0) {
      const batch = [...lane].slice(0, LIMITS.outcomesPerReplyMax);
      batch.forEach(([id]) => lane.delete(id));
      const data: OutcomeBatchJob = { envelopeVersion: ENVELOPE_VERSION, kind: 'outcomes', outcomes: batch.map(([, outcome]) => outcome) };
      try {
        await this.queues.addBulk(replyTo, [{ name: 'outcomes', data, jobId: `reports-${randomUUID()}` }]);
      } catch (error) {
        this.logger.warn({ err: error, queue: replyTo, reports: batch.length }, 'reports of attempts cannot be sent; trying again');
        for (const [id, outcome] of batch) if (!lane.has(id)) lane.set(id, outcome);
        this.schedule(RETRY_PAUSE_MS);
        return;
      }
    }
  }
}
