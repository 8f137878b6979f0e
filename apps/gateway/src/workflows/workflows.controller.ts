import type { ListIncidentsResponse, ListWorkflowsResponse, WorkflowDescription, WorkflowHistoryResponse } from '@backstitch/protocol';
import { LOGGER } from '@backstitch/service-kit';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Documented } from '../documentation/documented.js';
import { WORKFLOW_ANSWERS } from '../documentation/workflow-answers.js';
import { validated } from '../http/validated.js';
import { Orchestrator } from '../orchestrator/orchestrator.js';
import { ProblemError, refuseRequest } from '../problems/problem-error.js';
import { refuseCursor } from '../orchestrator/refuse-cursor.js';
import { AllowRoles, CurrentCaller } from '../security/allow-roles.js';
import type { Caller } from '../security/roles.js';
import { withoutPaymentTokens } from './without-payment-tokens.js';
import { historySchema, incidentActionSchema, listIncidentsSchema, listWorkflowsSchema, resolveIncidentSchema, workflowIdSchema } from './workflow.requests.js';

const incidentPathSchema = z.strictObject({ workflowId: workflowIdSchema, incidentNumber: z.coerce.number().int().min(1), action: incidentActionSchema });

/** Workflows and incidents, for operators. Payment tokens are taken out of what is shown. */
@ApiTags('workflows')
@ApiBearerAuth()
@Controller()
export class WorkflowsController {
  constructor(
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('workflows')
  @Documented({ summary: 'Workflows of every type, newest first.', status: 200, query: listWorkflowsSchema, answer: WORKFLOW_ANSWERS.list, problems: ['request-refused'] })
  list(@Query() query: unknown): Promise<ListWorkflowsResponse> {
    const { startedAfter, startedBefore, withOpenIncidents, ...rest } = validated(listWorkflowsSchema, query, 'query');
    return this.orchestrator
      .list({
        ...rest,
        ...(startedAfter === undefined ? {} : { startedAfterMs: Date.parse(startedAfter) }),
        ...(startedBefore === undefined ? {} : { startedBeforeMs: Date.parse(startedBefore) }),
        ...(withOpenIncidents === 'true' ? { withOpenIncidents: true } : {}),
      })
      .catch(refuseCursor);
  }

  @Get('workflows/:workflowId')
  @Documented({ summary: 'A workflow with its activities, timers and incidents.', status: 200, answer: WORKFLOW_ANSWERS.description, problems: ['workflow-not-found'] })
  async get(@Param('workflowId') workflowId: string): Promise<WorkflowDescription> {
    return withoutPaymentTokens(await this.orchestrator.describe(workflowIdOf(workflowId)));
  }

  @Get('workflows/:workflowId/history')
  @Documented({ summary: 'The history of a workflow, a page at a time.', status: 200, query: historySchema, answer: WORKFLOW_ANSWERS.history, problems: ['workflow-not-found'] })
  async history(@Param('workflowId') workflowId: string, @Query() query: unknown): Promise<WorkflowHistoryResponse> {
    return withoutPaymentTokens(await this.orchestrator.history(workflowIdOf(workflowId), validated(historySchema, query, 'query')));
  }

  @Get('incidents')
  @Documented({ summary: 'Open incidents of all workflows, oldest first.', status: 200, query: listIncidentsSchema, answer: WORKFLOW_ANSWERS.incidents })
  async incidents(@Query() query: unknown): Promise<ListIncidentsResponse> {
    return withoutPaymentTokens(await this.orchestrator.listIncidents(validated(listIncidentsSchema, query, 'query')).catch(refuseCursor));
  }

  @Post('workflows/:workflowId/incidents/:incidentNumber/:action')
  @HttpCode(204)
  @AllowRoles('operator')
  @Documented({
    summary: 'Resolves an incident: retry, edit (value: the new input), skip (value: the result), fail, rollback. The reason goes into the history.',
    status: 204,
    body: resolveIncidentSchema,
    problems: ['workflow-not-found', 'incident-not-found', 'incident-already-resolved', 'workflow-already-closed', 'request-refused'],
  })
  async resolve(@CurrentCaller() caller: Caller, @Param() path: unknown, @Body() body: unknown): Promise<void> {
    const { workflowId, incidentNumber, action } = validated(incidentPathSchema, path, 'path');
    const { reason, value } = validated(resolveIncidentSchema, body, 'body');
    if (action === 'edit' && value === undefined) refuseRequest([{ in: 'body', pointer: '/value', detail: 'is needed: the new input' }]);
    await this.orchestrator.resolveIncident(workflowId, incidentNumber, action, {
      reason,
      identity: `gateway:${caller.keyId} (${caller.name})`,
      ...(value === undefined ? {} : { value }),
    });
    this.logger.info({ workflowId, incidentNumber, action, keyId: caller.keyId }, 'incident resolved');
  }
}

function workflowIdOf(text: string): string {
  if (!workflowIdSchema.safeParse(text).success) throw new ProblemError('workflow-not-found');
  return text;
}
