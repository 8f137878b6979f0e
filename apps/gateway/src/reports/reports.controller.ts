import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Documented } from '../documentation/documented.js';
import { OPERATION_ANSWERS } from '../documentation/operation-answers.js';
import { ReconciliationService, type ReconciliationReport } from './reconciliation.service.js';

@ApiTags('reports')
@ApiBearerAuth()
@Controller('reports')
export class ReportsController {
  constructor(@Inject(ReconciliationService) private readonly reconciliation: ReconciliationService) {}

  @Get('reconciliation')
  @Documented({ summary: "Settles the services' accounts against each other, order by order and in total.", status: 200, answer: OPERATION_ANSWERS.reconciliation, problems: ['report-timed-out'] })
  reconcile(): Promise<ReconciliationReport> {
    return this.reconciliation.report();
  }
}
