import type { EngineSurface } from '@backstitch/engine';
import { OverloadedError, serviceQueues, StoreUnavailableError } from '@backstitch/protocol';
import { consume, type Consumer, type Delivery, type QueueConnection } from '@backstitch/queues';
import type { OrchestratorLogger } from '../observation/logger.js';
import { abortableDelay } from '../recovery/abortable-delay.js';
import type { RetentionAnswers } from '../retention/retention-answers.js';
import { readOutcomeEnvelope } from './outcome-envelope.js';

export interface OutcomeConsumersOptions {
  connection: QueueConnection;
  services: readonly string[];
  engine: Pick<EngineSurface, 'deliver'>;
  /** Services ask on the same queue which runs are gone. */
  retention: Pick<RetentionAnswers, 'answer'>;
  logger: OrchestratorLogger;
  /** Reply jobs of one service taken at once; each carries many outcomes, and all that wait share the engine's batches. */
  concurrency: number;
}

const RETRY_PAUSE_MAX_MS = 5_000;

/**
 * Reads the outcomes queue of each service. A reply job is acknowledged after its outcomes are committed; while the store cannot be reached it is
 * held, its lock renewed, and delivered again. A job that is no envelope is logged, fails and stays for inspection.
 */
export class OutcomeConsumers {
  readonly #options: OutcomeConsumersOptions;
  readonly #stopping = new AbortController();
  #consumers: Consumer[] = [];

  constructor(options: OutcomeConsumersOptions) {
    this.#options = options;
  }

  start(): void {
    const { connection, services, concurrency, logger } = this.#options;
    this.#consumers = services.map((service) => consume(connection, serviceQueues(service).outcomes, (delivery) => this.#handle(delivery), { concurrency, logger }));
  }

  /** Takes no more and waits for what is under way, at most `graceMs`. What is not acknowledged by then is delivered again to another replica. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#consumers.map((consumer) => consumer.close(graceMs)));
  }

  async #handle(delivery: Delivery): Promise<void> {
    if (await this.#options.retention.answer(delivery)) {
      return;
    }
    try {
      const { outcomes } = readOutcomeEnvelope(delivery.queueName, delivery.jobId, delivery.data);
      await this.#deliver(outcomes);
    } catch (error) {
      this.#options.logger.error({ err: error, queue: delivery.queueName, jobId: delivery.jobId }, 'a reply job failed and stays on its queue');
      throw error;
    }
  }

  async #deliver(outcomes: Parameters<EngineSurface['deliver']>[0]): Promise<void> {
    for (;;) {
      try {
        await this.#options.engine.deliver(outcomes);
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError || error instanceof OverloadedError)) {
          throw error;
        }
        this.#options.logger.warn({ err: error, outcomes: outcomes.length }, 'outcomes could not be committed; trying again');
        if (!(await abortableDelay(Math.min(error.retryAfterMs, RETRY_PAUSE_MAX_MS), this.#stopping.signal))) {
          // Neither acknowledged nor failed: the job is handed out again when its lock lapses.
          await new Promise<never>(() => undefined);
        }
      }
    }
  }
}
