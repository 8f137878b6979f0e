import { ENVELOPE_VERSION, LIMITS, type ActivityOutcome, type OutcomeBatchJob } from '@backstitch/protocol';
import type { JobQueues, QueueLogger } from '@backstitch/queues';
import { randomUUID } from 'node:crypto';

const RETRY_PAUSE_MS_MIN = 100;
const RETRY_PAUSE_MS_MAX = 5_000;
/** Results in one reply job; at least one outcome goes whatever its size. */
const REPLY_BYTES_MAX = 4 * 1024 * 1024;
/** Where more than one outcome went in a reply, the next reply begins so much later: many are coming, and each reply costs both sides more than an outcome does. */
const BUSY_PAUSE_MS = 2;
/** What an outcome needs beside its result. */
const OUTCOME_BYTES = 1_024;

interface WaitingOutcome {
  outcome: ActivityOutcome;
  bytes: number;
  resolve: () => void;
}

/**
 * Sends outcomes back, many in one reply job. A batch is formed from what is waiting when the one before has gone; replies of many keep a distance of 2 ms. A
 * single outcome goes at once.
 *
 * Guarantees: `send` resolves when the queue has the outcome. While it cannot be reached, the same reply is tried again, with pauses from 100 ms to
 * 5 s. After `close`, what could not be sent stays pending for ever, so that its job is never acknowledged and comes again.
 */
export class OutcomeBatcher {
  private readonly lanes = new Map<string, WaitingOutcome[]>();
  private readonly pumping = new Set<string>();
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly queues: Pick<JobQueues, 'addBulk'>,
    private readonly logger: QueueLogger,
    private readonly onReply?: (outcomes: number) => void,
  ) {}

  /** @param bytes size of the result as JSON */
  send(replyTo: string, outcome: ActivityOutcome, bytes: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const lane = this.lanes.get(replyTo);
      const waiting = { outcome, bytes: bytes + OUTCOME_BYTES, resolve };
      if (lane === undefined) this.lanes.set(replyTo, [waiting]);
      else lane.push(waiting);
      if (!this.pumping.has(replyTo)) void this.pump(replyTo);
    });
  }

  /** Stops trying. */
  close(): void {
    this.closed = true;
    this.wake?.();
  }

  private async pump(replyTo: string): Promise<void> {
    this.pumping.add(replyTo);
    const lane = this.lanes.get(replyTo) ?? [];
    while (lane.length > 0 && !this.closed) {
      const beganAtMs = performance.now();
      const batch = takeBatch(lane);
      if (!(await this.deliver(replyTo, batch))) break;
      for (const { resolve } of batch) resolve();
      this.onReply?.(batch.length);
      const restMs = BUSY_PAUSE_MS - (performance.now() - beganAtMs);
      if (batch.length > 1 && restMs > 0 && lane.length < LIMITS.outcomesPerReplyMax) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    this.pumping.delete(replyTo);
  }

  private async deliver(replyTo: string, batch: readonly WaitingOutcome[]): Promise<boolean> {
    const data: OutcomeBatchJob = { envelopeVersion: ENVELOPE_VERSION, kind: 'outcomes', outcomes: batch.map(({ outcome }) => outcome) };
    // The same id at every try: a try that seemed to fail but did not is not added twice while it waits.
    const jobId = `outcomes-${randomUUID()}`;
    for (let pauseMs = RETRY_PAUSE_MS_MIN; !this.closed; pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_MS_MAX)) {
      try {
        await this.queues.addBulk(replyTo, [{ name: 'outcomes', data, jobId }]);
        return true;
      } catch (error) {
        this.logger.warn({ err: error, queue: replyTo, outcomes: batch.length, pauseMs }, 'outcomes cannot be sent; trying again');
        await this.pause(pauseMs);
      }
    }
    return false;
  }

  private async pause(durationMs: number): Promise<void> {
    if (this.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function takeBatch(lane: WaitingOutcome[]): WaitingOutcome[] {
  let count = 0;
  let bytes = 0;
  for (const waiting of lane) {
    if (count >= LIMITS.outcomesPerReplyMax || (count > 0 && bytes + waiting.bytes > REPLY_BYTES_MAX)) break;
    bytes += waiting.bytes;
    count += 1;
  }
  return lane.splice(0, count);
}
