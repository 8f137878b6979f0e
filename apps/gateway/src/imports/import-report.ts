import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { ProblemError } from '../problems/problem-error.js';
import type { ImportRow } from './import-rows.js';
import { REJECTION_REASONS, type Rejection, type RejectionReason } from './rejection-reasons.js';

interface RunCounts {
  /** Orders or returns that exist because of this file, placed now or before. */
  accepted: number;
  /** Of these, placed by an earlier import. */
  alreadyPlaced: number;
  completed: number;
  compensated: number;
  cancelled: number;
  failed: number;
  running: number;
}

export interface ImportOutcome {
  orders: RunCounts;
  returns: RunCounts;
  rejected: { rows: number; invoices: number; byReason: Record<string, number> };
  /** Of compensated orders, by the step that failed. */
  compensatedBy: Record<string, number>;
  /** From the end of the upload until now, or until the import was done. */
  durationMs: number;
  /** Orders placed by this import that have ended, by second, since the first was placed. */
  ordersPerSecond: number;
  /** How long the orchestrator took to commit an order's batch. */
  acceptMs: Percentiles;
  /** From the start to the end of an order's workflow. */
  completionMs: Percentiles;
}

interface Percentiles {
  p50: number | null;
  p99: number | null;
}

export interface RejectionView extends Rejection {
  /** The reason in words. */
  explanation: string;
}

export interface ImportView {
  importId: string;
  status: ImportRow['status'];
  createdAt: string;
  uploadedAt: string | null;
  finishedAt: string | null;
  stockPerSku: number;
  bytes: number;
  lines: number;
  /** Invoices read, and those that wait to be placed or matched. */
  invoices: { total: number; waiting: number };
  failure: string | null;
  outcome: ImportOutcome;
  /** The first rejections; the rest is at `links.rejections`. */
  rejections: RejectionView[];
  links: { self: string; outcome: string; rejections: string; orders: string };
}

const REJECTIONS_SHOWN = 20;

/** How imports stand, counted from their tables. */
@Injectable()
export class ImportReport {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** @throws ProblemError `import-not-found` */
  async view(importId: string): Promise<ImportView> {
    const row = await this.row(importId);
    const [outcome, [invoices], page] = await Promise.all([
      this.outcomeOf(row),
      this.database.query<{ total: string; waiting: string }>(
        `SELECT count(*) AS total, count(*) FILTER (WHERE state IN ('pending', 'decided')) AS waiting FROM gateway.import_invoice WHERE import_id = $1`,
        [importId],
      ),
      this.rejections(importId, { pageSize: REJECTIONS_SHOWN }),
    ]);
    const self = `/imports/${importId}`;
    return {
      importId,
      status: row.status,
      createdAt: row.created_at.toISOString(),
      uploadedAt: row.uploaded_at?.toISOString() ?? null,
      finishedAt: row.finished_at?.toISOString() ?? null,
      stockPerSku: row.stock_per_sku,
      bytes: Number(row.bytes),
      lines: Number(row.lines),
      invoices: { total: Number(invoices?.total), waiting: Number(invoices?.waiting) },
      failure: row.failure,
      outcome,
      rejections: page.rejections,
      links: { self, outcome: `${self}/outcome`, rejections: `${self}/rejections`, orders: `/orders?importId=${importId}` },
    };
  }

  /** @throws ProblemError `import-not-found` */
  async outcome(importId: string): Promise<ImportOutcome> {
    return this.outcomeOf(await this.row(importId));
  }

  /** Rejected rows and invoices by line number. @throws ProblemError `import-not-found` */
  async rejections(importId: string, page: { cursor?: string | undefined; pageSize: number; reason?: RejectionReason | undefined }): Promise<{ rejections: RejectionView[]; nextCursor: string | null }> {
    await this.row(importId);
    const [lineNumber = '0', scope = ''] = page.cursor?.split('.') ?? [];
    const rows = await this.database.query<{ line_number: string; scope: 'row' | 'invoice'; reason: RejectionReason; invoice_number: string | null; detail: string | null }>(
      `SELECT line_number, scope, reason, invoice_number, detail FROM gateway.import_rejection
       WHERE import_id = $1 AND (line_number, scope) > ($2::bigint, $3::text) AND ($4::text IS NULL OR reason = $4) ORDER BY line_number, scope LIMIT $5`,
      [importId, lineNumber, scope, page.reason ?? null, page.pageSize + 1],
    );
    const shown = rows.slice(0, page.pageSize);
    const last = shown.at(-1);
    return {
      rejections: shown.map((row) => ({
        lineNumber: Number(row.line_number),
        scope: row.scope,
        reason: row.reason,
        explanation: REJECTION_REASONS[row.reason],
        invoiceNumber: row.invoice_number,
        detail: row.detail,
      })),
      nextCursor: rows.length > page.pageSize && last !== undefined ? `${last.line_number}.${last.scope}` : null,
    };
  }

  /** Imports, newest first. */
  async list(page: { cursor?: string | undefined; pageSize: number }): Promise<{ imports: Pick<ImportView, 'importId' | 'status' | 'createdAt' | 'lines'>[]; nextCursor: string | null }> {
    const rows = await this.database.query<ImportRow>(
      `SELECT import.* FROM gateway.import
       WHERE $1::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM gateway.import WHERE id = $1) ORDER BY created_at DESC, id DESC LIMIT $2`,
      [page.cursor ?? null, page.pageSize + 1],
    );
    const shown = rows.slice(0, page.pageSize);
    return {
      imports: shown.map((row) => ({ importId: row.id, status: row.status, createdAt: row.created_at.toISOString(), lines: Number(row.lines) })),
      nextCursor: rows.length > page.pageSize ? (shown.at(-1)?.id ?? null) : null,
    };
  }

  private async row(importId: string): Promise<ImportRow> {
    const [row] = await this.database.query<ImportRow>('SELECT * FROM gateway.import WHERE id = $1', [importId]);
    if (row === undefined) throw new ProblemError('import-not-found', `There is no import ${importId}.`);
    return row;
  }

  private async outcomeOf(row: ImportRow): Promise<ImportOutcome> {
    const [states, reasons, steps, [times]] = await Promise.all([
      this.database.query<{ kind: 'sale' | 'cancellation'; state: string; already_placed: boolean; count: string }>(
        'SELECT kind, state, already_placed, count(*) AS count FROM gateway.import_invoice WHERE import_id = $1 GROUP BY 1, 2, 3',
        [row.id],
      ),
      this.database.query<{ scope: 'row' | 'invoice'; reason: string; count: string }>(
        'SELECT scope, reason, count(*) AS count FROM gateway.import_rejection WHERE import_id = $1 GROUP BY 1, 2 ORDER BY 2',
        [row.id],
      ),
      this.database.query<{ step: string; count: string }>(
        `SELECT coalesce(failed_step, 'unknown') AS step, count(*) AS count FROM gateway.import_invoice
         WHERE import_id = $1 AND kind = 'sale' AND state = 'compensated' GROUP BY 1 ORDER BY 1`,
        [row.id],
      ),
      this.database.query<{ ended: string; accept: number[] | null; completion: number[] | null }>(
        `SELECT count(completion_ms) AS ended,
           percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY accept_ms) AS accept,
           percentile_disc(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY completion_ms) AS completion
         FROM gateway.import_invoice WHERE import_id = $1 AND kind = 'sale'`,
        [row.id],
      ),
    ]);
    const rejectedOf = (scope: 'row' | 'invoice'): number => sum(reasons.filter((entry) => entry.scope === scope));
    const endMs = (row.finished_at ?? new Date()).getTime();
    const placingMs = row.placing_at === null ? 0 : endMs - row.placing_at.getTime();
    return {
      orders: runCounts(states.filter((entry) => entry.kind === 'sale')),
      returns: runCounts(states.filter((entry) => entry.kind === 'cancellation')),
      rejected: { rows: rejectedOf('row'), invoices: rejectedOf('invoice'), byReason: Object.fromEntries(reasons.map((entry) => [entry.reason, sum(reasons.filter((other) => other.reason === entry.reason))])) },
      compensatedBy: Object.fromEntries(steps.map((entry) => [entry.step, Number(entry.count)])),
      durationMs: row.uploaded_at === null ? 0 : Math.max(0, endMs - row.uploaded_at.getTime()),
      ordersPerSecond: placingMs > 0 ? round((Number(times?.ended) * 1_000) / placingMs) : 0,
      acceptMs: percentiles(times?.accept),
      completionMs: percentiles(times?.completion),
    };
  }
}

function runCounts(entries: { state: string; already_placed: boolean; count: string }[]): RunCounts {
  const counted = (...states: string[]): number => sum(entries.filter((entry) => states.includes(entry.state)));
  const ended = { completed: counted('completed'), compensated: counted('compensated'), cancelled: counted('cancelled'), failed: counted('failed') };
  const running = counted('placed', 'decided');
  return {
    accepted: ended.completed + ended.compensated + ended.cancelled + ended.failed + running,
    alreadyPlaced: sum(entries.filter((entry) => entry.already_placed && entry.state !== 'rejected')),
    ...ended,
    running,
  };
}

function sum(entries: { count: string }[]): number {
  return entries.reduce((total, entry) => total + Number(entry.count), 0);
}

function percentiles(values: number[] | null | undefined): Percentiles {
  const at = (index: number): number | null => {
    const value = values?.[index];
    return value === null || value === undefined ? null : round(value);
  };
  return { p50: at(0), p99: at(1) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
