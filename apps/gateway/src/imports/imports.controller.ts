import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { Documented } from '../documentation/documented.js';
import { OPERATION_ANSWERS } from '../documentation/operation-answers.js';
import { requestTraceparent } from '../http/trace-context.js';
import { validated } from '../http/validated.js';
import { pageSizeSchema } from '../orders/order.requests.js';
import { ProblemError } from '../problems/problem-error.js';
import { AllowRoles, CurrentCaller } from '../security/allow-roles.js';
import type { Caller } from '../security/roles.js';
import { ImportReport, type ImportOutcome, type ImportView, type RejectionView } from './import-report.js';
import { ImportUpload, type UploadedImport } from './import-upload.js';
import { REJECTION_REASONS, type RejectionReason } from './rejection-reasons.js';

/** Pieces that each SKU of an import starts with, unless it is known or the import says otherwise. */
export const STOCK_PER_SKU_DEFAULT = 1_000_000;

const importQuerySchema = z.strictObject({ stock: z.coerce.number().int().min(0).max(1_000_000_000).default(STOCK_PER_SKU_DEFAULT) });
const listQuerySchema = z.strictObject({ cursor: z.uuid().optional(), pageSize: pageSizeSchema });
const rejectionsQuerySchema = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,15}\.(row|invoice)$/, 'is no cursor of this list')
    .optional(),
  pageSize: pageSizeSchema,
  reason: z.enum(Object.keys(REJECTION_REASONS) as [RejectionReason, ...RejectionReason[]]).optional(),
});

@ApiTags('imports')
@ApiBearerAuth()
@Controller('imports')
export class ImportsController {
  constructor(
    @Inject(ImportUpload) private readonly upload: ImportUpload,
    @Inject(ImportReport) private readonly report: ImportReport,
  ) {}

  @Post()
  @HttpCode(202)
  @AllowRoles('operator')
  @Documented({
    summary: 'Takes a CSV file of invoices, of any size. 202 means that all of it is stored; its orders are placed from then on.',
    status: 202,
    body: 'csv',
    query: importQuerySchema,
    answer: OPERATION_ANSWERS.uploadedImport,
    problems: ['import-header-invalid', 'malformed-request', 'unsupported-media-type', 'overloaded'],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Query() query: unknown,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UploadedImport & { links: { self: string } }> {
    const { stock } = validated(importQuerySchema, query, 'query');
    if (!(body instanceof Readable)) throw new ProblemError('unsupported-media-type', 'Send the file as text/csv.');
    const traceparent = requestTraceparent(request) ?? newTraceparent();
    const uploaded = await this.upload.receive({ keyId: caller.keyId, traceparent, stockPerSku: stock, body });
    const self = `/imports/${uploaded.importId}`;
    void reply.header('location', self);
    return { ...uploaded, links: { self } };
  }

  @Get()
  @Documented({ summary: 'Imports, newest first.', status: 200, query: listQuerySchema, answer: OPERATION_ANSWERS.imports })
  list(@Query() query: unknown): ReturnType<ImportReport['list']> {
    return this.report.list(validated(listQuerySchema, query, 'query'));
  }

  @Get(':importId')
  @Documented({ summary: 'How an import stands: progress, outcome so far, the first rejections.', status: 200, answer: OPERATION_ANSWERS.import, problems: ['import-not-found'] })
  get(@Param('importId') importId: string): Promise<ImportView> {
    return this.report.view(importIdOf(importId));
  }

  @Get(':importId/outcome')
  @Documented({ summary: 'What became of the orders and returns of an import.', status: 200, answer: OPERATION_ANSWERS.importOutcome, problems: ['import-not-found'] })
  outcome(@Param('importId') importId: string): Promise<ImportOutcome> {
    return this.report.outcome(importIdOf(importId));
  }

  @Get(':importId/rejections')
  @Documented({ summary: 'Every rejected row and invoice with line number and reason.', status: 200, query: rejectionsQuerySchema, answer: OPERATION_ANSWERS.rejections, problems: ['import-not-found'] })
  rejections(@Param('importId') importId: string, @Query() query: unknown): Promise<{ rejections: RejectionView[]; nextCursor: string | null }> {
    return this.report.rejections(importIdOf(importId), validated(rejectionsQuerySchema, query, 'query'));
  }
}

/** An id that is none cannot be known. @throws ProblemError `import-not-found` */
function importIdOf(text: string): string {
  if (!z.uuid().safeParse(text).success) throw new ProblemError('import-not-found', 'There is no such import.');
  return text;
}

/** Everything that an import does bears one trace, also where the request had none. */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}
