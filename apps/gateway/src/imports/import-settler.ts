import type { ClosedWorkflow } from '@backstitch/protocol';
import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { BulkOrchestrator } from '../orchestrator/orchestrator.js';
import { firstText } from '../orders/order-view.js';
import { runEnd, type RunEnd } from '../orders/run-status.js';
import { settleReturns } from '../returns/return-book.js';
import type { ImportRow } from './import-rows.js';
import { persist } from './persist.js';

const IDS_PER_CALL = 500;

const RECORD_ENDS = `
  UPDATE gateway.import_invoice AS invoice
  SET state = ended.state, outcome_reason = ended.reason, failed_step = ended.failed_step, already_placed = ended.import_id IS DISTINCT FROM $1::text,
    completion_ms = CASE WHEN ended.import_id = $1::text THEN ended.completion_ms END
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::double precision[], $7::text[])
    AS ended (workflow_id, state, reason, failed_step, completion_ms, import_id)
  WHERE invoice.import_id = $1::uuid AND invoice.workflow_id = ended.workflow_id AND invoice.state = 'placed'`;

/** Learns how the orders and returns of an import ended. */
@Injectable()
export class ImportSettler {
  private readonly cursors = new Map<string, number>();

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(BulkOrchestrator) private readonly orchestrator: BulkOrchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Waits up to `timeoutMs` for any of the next 500 open runs to close. Chunks take turns, so that runs that cannot go on hide no others.
   * @returns how many runs were asked about; `idle` if no run is open
   */
  async settleBatch(row: ImportRow, timeoutMs: number, signal: AbortSignal): Promise<number | 'idle'> {
    const cursor = this.cursors.get(row.id) ?? 0;
    const open: { workflow_id: string; position: string }[] = await this.dataSource.query(
      `SELECT workflow_id, position FROM gateway.import_invoice
       WHERE import_id = $1 AND state = 'placed' AND position > $2 ORDER BY position LIMIT ${IDS_PER_CALL}`,
      [row.id, cursor],
    );
    if (open.length === 0) {
      this.cursors.delete(row.id);
      return cursor === 0 ? 'idle' : 0;
    }
    const isWholeRest = open.length < IDS_PER_CALL && cursor === 0;
    const answer = await persist(
      () => this.orchestrator.awaitClosed(open.map(({ workflow_id: workflowId }) => workflowId), isWholeRest ? timeoutMs : Math.min(timeoutMs, 500)),
      signal,
      this.logger,
    );
    if (answer.unknown.length > 0) await this.placeAgain(row, answer.unknown);
    await this.record(row, answer.closed);
    // A chunk that gives much is asked again; one that gives little makes room for the next.
    if (answer.closed.length * 2 < open.length && !isWholeRest) this.cursors.set(row.id, Number(open.at(-1)?.position));
    else this.cursors.delete(row.id);
    return open.length;
  }

  private async record(row: ImportRow, closed: ClosedWorkflow[]): Promise<void> {
    const ends = closed.flatMap((run) => {
      const end = runEnd(run.status, run.result);
      return end === undefined ? [] : [{ run, end }];
    });
    if (ends.length === 0) return;
    const column = <T>(read: (run: ClosedWorkflow, end: RunEnd) => T): T[] => ends.map(({ run, end }) => read(run, end));
    await this.dataSource.transaction(async (manager) => {
      await manager.query(RECORD_ENDS, [
        row.id,
        column((run) => run.workflowId),
        column((_run, end) => end.status),
        column((run, end) => (end.reason ?? run.failure?.message ?? null)?.slice(0, 500) ?? null),
        column((_run, end) => end.failedStep ?? null),
        column((run) => (run.closedAtMs ?? run.startedAtMs) - run.startedAtMs),
        column((run) => firstText(run.searchAttributes, 'ImportId')),
      ]);
      const returnEnds: { reference_id: string; state: RunEnd['status'] }[] = await manager.query(
        `SELECT reference_id, state FROM gateway.import_invoice WHERE import_id = $1 AND kind = 'cancellation' AND workflow_id = ANY($2) AND state <> 'placed'`,
        [row.id, column((run) => run.workflowId)],
      );
      await settleReturns(manager, returnEnds.map((ended) => ({ returnId: ended.reference_id, status: ended.state })));
    });
  }

  /** The orchestrator does not know what it once accepted (its database was put back to an older state): accepted again, by the same ids. */
  private async placeAgain(row: ImportRow, workflowIds: string[]): Promise<void> {
    this.logger.error({ importId: row.id, workflowIds: workflowIds.slice(0, 10), count: workflowIds.length }, 'the orchestrator does not know runs that it accepted');
    await this.dataSource.query(
      `UPDATE gateway.import_invoice SET state = CASE kind WHEN 'sale' THEN 'pending' ELSE 'decided' END WHERE import_id = $1 AND workflow_id = ANY($2) AND state = 'placed'`,
      [row.id, workflowIds],
    );
  }
}
