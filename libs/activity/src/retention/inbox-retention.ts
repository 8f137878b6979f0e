import {
  ENVELOPE_VERSION,
  RETENTION_JOB_NAME,
  RETENTION_KEYS_MAX,
  serviceQueues,
  type RetentionQuestionJob,
  type RunKeys,
} from '@backstitch/protocol';
import type { Delivery, JobQueues, QueueLogger } from '@backstitch/queues';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { InboxKey, InboxRows } from './inbox-rows.js';

export interface InboxRetentionParts {
  service: string;
  rows: Pick<InboxRows, 'claim' | 'askedUpTo' | 'page' | 'remove'>;
  queues: Pick<JobQueues, 'addBulk'>;
  logger: QueueLogger;
  clock: { now(): number };
  /** Keys are kept for at least so long, in milliseconds. 0: for ever. */
  retentionMs: number;
  /** Pause between two passes through the inbox, of all instances of the service together. */
  intervalMs: number;
  /** Called with the number of rows that were removed. */
  onRemoved?: (rows: number) => void;
}

/** Between two pages, so that a pass is a trickle beside the steps: at most 4,000 rows a second. */
const PAGE_PAUSE_MS = 250;
/** Questions of one pass that wait at once. One that finds its place taken is not added: it is asked in a later pass. */
const QUESTIONS_WAITING_MAX = 16;

const answerSchema = z.object({
  envelopeVersion: z.literal(ENVELOPE_VERSION),
  kind: z.literal('retentionAnswer'),
  gone: z.array(z.object({ runId: z.string(), keys: z.array(z.string()).max(RETENTION_KEYS_MAX) })).max(RETENTION_KEYS_MAX),
  closedRunsKeptMs: z.number().min(0),
});

/**
 * Forgets the keys of runs that are gone (law L4: inbox rows outlive the run, and a run may live for years, so their age alone tells nothing).
 *
 * One instance at a time walks through the old rows in order of key, which is the order in which their runs began, and asks the orchestrator which of their runs
 * are gone. Answers come to whichever instance takes them; it removes the rows, if they are old enough. Questions and answers are hints (law L1): what
 * gets lost is asked again when the next walk comes by.
 */
export class InboxRetention {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private warnedOfRuns = false;

  constructor(private readonly parts: InboxRetentionParts) {}

  /** Walks every `intervalMs`, a first time after as long. */
  start(): void {
    if (this.parts.retentionMs > 0) this.loop ??= this.repeat();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /**
   * One walk, unless some instance has walked within `intervalMs`. Begins where the last one ended, if that did not come through.
   * @returns how many keys were asked about
   */
  async ask(intervalMs = this.parts.intervalMs): Promise<number> {
    const { rows, retentionMs } = this.parts;
    if (retentionMs <= 0) return 0;
    let afterKey = await rows.claim(intervalMs);
    if (afterKey === undefined) return 0;
    const passId = randomUUID();
    let asked = 0;
    for (let pageNumber = 0; ; pageNumber += 1) {
      const createdUntilMs = this.createdUntilMs();
      const page: InboxKey[] = await rows.page(afterKey, firstKeyOf(createdUntilMs), createdUntilMs, RETENTION_KEYS_MAX);
      asked += await this.askAbout(page, `retention-${passId}-${pageNumber % QUESTIONS_WAITING_MAX}`);
      const last = page.length < RETENTION_KEYS_MAX ? undefined : page.at(-1);
      afterKey = last?.key ?? '';
      await rows.askedUpTo(afterKey);
      if (last === undefined || !(await this.pause(PAGE_PAUSE_MS))) return asked;
    }
  }

  /** Takes a delivery that is an answer of retention; false if it is none. Never rejects: what goes wrong is asked again. */
  async take({ queueName, jobId, data }: Delivery): Promise<boolean> {
    if (typeof data !== 'object' || data === null || !('kind' in data) || data.kind !== 'retentionAnswer') return false;
    const { logger } = this.parts;
    const answer = answerSchema.safeParse(data);
    if (!answer.success) {
      logger.warn({ queue: queueName, jobId, reason: z.prettifyError(answer.error).slice(0, 1_000) }, 'an answer of retention is not understood and is left');
      return true;
    }
    try {
      await this.remove(answer.data);
    } catch (error) {
      logger.debug({ err: error }, 'keys of runs that are gone could not be removed; they will be asked about again');
    }
    return true;
  }

  private async remove({ gone, closedRunsKeptMs }: z.output<typeof answerSchema>): Promise<void> {
    const { rows, retentionMs, logger, onRemoved } = this.parts;
    if (retentionMs <= 0) return;
    if (closedRunsKeptMs < retentionMs) {
      // Jobs of these runs may be younger than those that are refused for their age: without its key, one could have its effect again.
      if (!this.warnedOfRuns) logger.warn({ closedRunsKeptMs, retentionMs }, 'the orchestrator keeps closed runs for less than this service refuses late jobs: no key is forgotten');
      this.warnedOfRuns = true;
      return;
    }
    const removed = await rows.remove(gone.flatMap(({ keys }) => keys), this.createdUntilMs());
    if (removed === 0) return;
    logger.info({ rows: removed }, 'keys of runs that are gone were removed from the inbox');
    onRemoved?.(removed);
  }

  private async askAbout(page: readonly InboxKey[], jobId: string): Promise<number> {
    const keysOf = new Map<string, string[]>();
    for (const { key, isOld } of page) {
      const slash = key.indexOf('/');
      if (!isOld || slash <= 0) continue;
      const runId = key.slice(0, slash);
      const keys = keysOf.get(runId);
      if (keys === undefined) keysOf.set(runId, [key]);
      else keys.push(key);
    }
    if (keysOf.size === 0) return 0;
    const runs: RunKeys[] = [...keysOf].map(([runId, keys]) => ({ runId, keys }));
    const data: RetentionQuestionJob = { envelopeVersion: ENVELOPE_VERSION, kind: 'retentionQuestion', runs };
    await this.parts.queues.addBulk(serviceQueues(this.parts.service).outcomes, [{ name: RETENTION_JOB_NAME, data, jobId }]);
    return runs.reduce((count, { keys }) => count + keys.length, 0);
  }

  private createdUntilMs(): number {
    return this.parts.clock.now() - this.parts.retentionMs;
  }

  private async repeat(): Promise<void> {
    while (await this.pause(this.parts.intervalMs)) {
      try {
        await this.ask();
      } catch (error) {
        this.parts.logger.warn({ err: error }, 'it could not be asked which runs are gone; trying again later');
      }
    }
  }

  /** False: it is stopping. */
  private async pause(durationMs: number): Promise<boolean> {
    return delay(durationMs, true, { signal: this.stopping.signal, ref: false }).catch(() => false);
  }
}

/**
 * Where keys of runs begin that started at this time: run ids are UUIDs of version 7, with the time in front. Later runs have no older rows, so a walk
 * ends here instead of passing over all that happened since.
 */
function firstKeyOf(startedAtMs: number): string {
  const hex = Math.max(0, Math.floor(startedAtMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
