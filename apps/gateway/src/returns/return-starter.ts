import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { BulkOrchestrator } from '../orchestrator/orchestrator.js';
import { markReturnsRunning, type RecordedReturn } from './return-book.js';
import { returnStart } from './return-start.js';

const AUDIT_INTERVAL_MS = 15_000;
const BATCH = 100;

/** Starts the workflows of returns that were committed while the orchestrator was away, or whose gateway ended just then. */
@Injectable()
export class ReturnStarter implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(BulkOrchestrator) private readonly orchestrator: BulkOrchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.startPending()).then(
        () => undefined,
        (error: unknown) => this.logger.warn({ err: error }, 'returns wait for the orchestrator or the database'),
      );
    }, AUDIT_INTERVAL_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns how many were started */
  async startPending(minimumAgeMs = 10_000): Promise<number> {
    const pending: RecordedReturn[] = await this.dataSource.query(
      `SELECT * FROM gateway.order_return WHERE status = 'decided' AND decided_at <= now() - make_interval(secs => $1) ORDER BY decided_at LIMIT ${BATCH}`,
      [minimumAgeMs / 1_000],
    );
    if (pending.length === 0) return 0;
    const results = await this.orchestrator.start(
      pending.map((row) => returnStart(row.return_order, { placedBy: row.placed_by, importId: row.import_id, traceparent: row.traceparent })),
    );
    const started = pending.filter((_row, index) => results[index]?.status === 'started' || results[index]?.status === 'existing');
    await markReturnsRunning(this.dataSource, started.map((row) => row.return_id));
    for (const [index, result] of results.entries()) {
      if ((result.status === 'rejected' && result.error.code !== 'OVERLOADED') || result.status === 'conflict') {
        this.logger.error({ returnId: pending[index]?.return_id, result }, 'the orchestrator refuses a return that was accepted');
      }
    }
    return started.length;
  }
}
