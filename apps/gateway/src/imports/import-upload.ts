import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { addAbortSignal, type Readable } from 'node:stream';
import { withDeadline } from '../database.js';
import { randomId } from '../identity/deterministic-id.js';
import { ProblemError } from '../problems/problem-error.js';
import { CsvRecordReader, type CsvRecord } from './csv-record-reader.js';
import { UploadBrokenError, withIdleTimeout } from './idle-timeout.js';
import { ImportHeaderError, isImportLine, readHeader, readImportLine, type ColumnPositions, type ImportLine } from './import-line.js';
import { ImportStaging } from './import-staging.js';
import { ImportSupervisor } from './import-supervisor.js';
import type { Rejection } from './rejection-reasons.js';

export interface UploadRequest {
  keyId: string;
  traceparent: string;
  stockPerSku: number;
  body: Readable;
}

export interface UploadedImport {
  importId: string;
  status: 'queued';
  bytes: number;
  lines: number;
}

/** Another gateway took this upload for a dead one's, since this gateway had lost its connection to the database. */
export class UploadLostError extends Error {
  override readonly name = 'UploadLostError';
  readonly code = '08006';
  constructor(readonly importId: string) {
    super(`Import ${importId} was interrupted while it was uploaded.`);
  }
}

const BATCH_LINES = 1_000;
/** A batch is stored in milliseconds; a busy server may take longer, one that has fallen silent would for ever. */
const STAGE_DEADLINE_MS = 30_000;
/** An upload that sends nothing for this long is broken off. */
const IDLE_TIMEOUT_MS = 60_000;

/** Reads a CSV stream into the staging tables, a batch at a time: the next piece is read when the last batch is stored, so memory stays constant. */
@Injectable()
export class ImportUpload {
  constructor(
    @Inject(ImportStaging) private readonly staging: ImportStaging,
    @Inject(ImportSupervisor) private readonly supervisor: ImportSupervisor,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws ProblemError `import-header-invalid`, `overloaded`; whatever breaks the stream */
  async receive(request: UploadRequest): Promise<UploadedImport> {
    const importId = randomId();
    const lock = await this.supervisor.lockUpload(importId);
    try {
      await withDeadline(this.staging.create({ id: importId, placedBy: request.keyId, traceparent: request.traceparent, stockPerSku: request.stockPerSku }));
      const counts = await this.stageStream(importId, addAbortSignal(this.supervisor.stopSignal, request.body));
      if (!(await withDeadline(this.staging.complete(importId, counts.bytes, counts.lines)))) throw new UploadLostError(importId);
      this.logger.info({ importId, ...counts }, 'import uploaded');
      return { importId, status: 'queued', ...counts };
    } catch (error) {
      this.logger.warn({ err: error, importId }, 'import interrupted');
      const reason = error instanceof ImportHeaderError ? error.message : 'The upload broke off.';
      await withDeadline(this.staging.interrupt(importId, reason)).catch((cause: unknown) =>
        this.logger.error({ err: cause, importId }, 'the interruption could not be recorded; the audit will'),
      );
      if (error instanceof ImportHeaderError) {
        throw new ProblemError('import-header-invalid', error.message, { missing: error.missing, repeated: error.repeated }, { cause: error });
      }
      if (error instanceof UploadBrokenError) throw new ProblemError('malformed-request', error.message, {}, { cause: error });
      throw error;
    } finally {
      await lock.release();
      this.supervisor.wake();
    }
  }

  private async stageStream(importId: string, body: Readable): Promise<{ bytes: number; lines: number }> {
    let columns: ColumnPositions | undefined;
    let bytes = 0;
    let lineCount = 0;
    let lines: ImportLine[] = [];
    let rejections: Rejection[] = [];
    const reader = new CsvRecordReader((fields) => columns !== undefined && isImportLine(fields, columns));
    const flush = async (): Promise<void> => {
      await withDeadline(this.staging.stage(importId, lines, rejections), STAGE_DEADLINE_MS);
      lines = [];
      rejections = [];
    };
    const take = async (records: Iterable<CsvRecord>): Promise<void> => {
      for (const record of records) {
        if (columns === undefined) {
          columns = readHeader('fields' in record ? record.fields : []);
          continue;
        }
        lineCount += 1;
        const line = readImportLine(record, columns);
        if ('reason' in line) rejections.push(line);
        else lines.push(line);
        if (lines.length + rejections.length >= BATCH_LINES) await flush();
      }
    };
    const decoder = new TextDecoder('utf-8');
    for await (const chunk of withIdleTimeout(body, IDLE_TIMEOUT_MS)) {
      bytes += chunk.length;
      await take(reader.push(decoder.decode(chunk, { stream: true })));
    }
    await take(reader.push(decoder.decode()));
    await take(reader.end());
    if (columns === undefined) throw new ImportHeaderError([], []);
    await flush();
    return { bytes, lines: lineCount };
  }
}
