import { randomUUID } from 'node:crypto';
import { ENVELOPE_VERSION, RETENTION_JOB_NAME, RETENTION_KEYS_MAX, serviceOfQueue, serviceQueues, type RetentionAnswerJob, type RunKeys } from '@backstitch/protocol';
import type { Delivery, JobQueues } from '@backstitch/queues';
import { z } from 'zod';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { ClosedRuns } from './closed-runs.js';

export interface RetentionAnswersDependencies {
  closedRuns: Pick<ClosedRuns, 'gone'>;
  queues: Pick<JobQueues, 'addBulk'>;
  logger: OrchestratorLogger;
  retentionMs: number;
}

const question = z.object({
  envelopeVersion: z.literal(ENVELOPE_VERSION),
  kind: z.literal('retentionQuestion'),
  runs: z
    .array(z.object({ runId: z.string().min(1), keys: z.array(z.string().min(1)) }))
    .refine((runs) => runs.reduce((keys, run) => keys + run.keys.length, 0) <= RETENTION_KEYS_MAX, `has more than ${RETENTION_KEYS_MAX} keys`),
});

/** Tells services which runs are gone. Nothing depends on an answer: one that cannot be given now is asked for again some time later. */
export class RetentionAnswers {
  readonly #dependencies: RetentionAnswersDependencies;

  constructor(dependencies: RetentionAnswersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers the job if it is a question of retention; false if it is none. Never rejects. */
  async answer({ queueName, jobId, data }: Delivery): Promise<boolean> {
    if (!isQuestion(data)) {
      return false;
    }
    const { logger } = this.#dependencies;
    const parsed = question.safeParse(data);
    if (!parsed.success) {
      logger.warn({ queue: queueName, jobId, reason: z.prettifyError(parsed.error).slice(0, 1_000) }, 'a question of retention is not understood and is left');
      return true;
    }
    try {
      await this.#answer(queueName, parsed.data.runs);
    } catch (error) {
      logger.debug({ err: error, queue: queueName }, 'a question of retention could not be answered; it will be asked again');
    }
    return true;
  }

  async #answer(queueName: string, runs: readonly RunKeys[]): Promise<void> {
    const { closedRuns, queues, retentionMs } = this.#dependencies;
    const gone = retentionMs > 0 ? await closedRuns.gone(runs) : [];
    if (gone.length === 0) {
      return;
    }
    const data: RetentionAnswerJob = { envelopeVersion: ENVELOPE_VERSION, kind: 'retentionAnswer', gone, closedRunsKeptMs: retentionMs };
    // To the service whose queue the question came on, whatever it says: nobody can have another one's rows removed.
    await queues.addBulk(serviceQueues(serviceOfQueue(queueName)).tasks, [{ name: RETENTION_JOB_NAME, data, jobId: `retention-${randomUUID()}` }]);
  }
}

function isQuestion(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'retentionQuestion';
}
