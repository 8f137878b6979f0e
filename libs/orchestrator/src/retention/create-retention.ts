import type { Clock } from '@backstitch/engine';
import type { JobQueues } from '@backstitch/queues';
import { Counter, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { OrchestratorLogger } from '../observation/logger.js';
import { Database } from '../store/database.js';
import { ClosedRuns } from './closed-runs.js';
import { RetentionAnswers } from './retention-answers.js';
import { Retention } from './retention.js';

export interface RetentionSettings {
  dataSource: DataSource;
  clock: Clock;
  logger: OrchestratorLogger;
  metricsRegistry?: Registry;
  retentionMs: number;
  retentionIntervalMs: number;
  retentionBatchRunsMax: number;
}

/** A batch may wait for a slow disk for longer than an order may. */
const BATCH_TIMEOUT_MS = 30_000;

/** The removal of closed runs, and the answers to services that ask which runs are gone. */
export function createRetention(settings: RetentionSettings, queues: Pick<JobQueues, 'addBulk'>): { retention: Retention; answers: RetentionAnswers } {
  const { clock, logger, retentionMs, metricsRegistry } = settings;
  const closedRuns = new ClosedRuns(new Database(settings.dataSource, { queryTimeoutMs: BATCH_TIMEOUT_MS }));
  const removed =
    metricsRegistry === undefined
      ? undefined
      : new Counter({ name: 'backstitch_closed_runs_removed_total', help: 'Closed runs removed because their time of retention was over.', registers: [metricsRegistry] });
  return {
    retention: new Retention({
      clock,
      closedRuns,
      logger,
      retentionMs,
      intervalMs: settings.retentionIntervalMs,
      batchRunsMax: settings.retentionBatchRunsMax,
      onRemoved: (runs) => removed?.inc(runs),
    }),
    answers: new RetentionAnswers({ closedRuns, queues, logger, retentionMs }),
  };
}
