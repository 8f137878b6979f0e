import { skuSchema, stockIntakeWorkflowId } from '@backstitch/contracts';
import { WorkflowNotFoundError } from '@backstitch/protocol';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Documented } from '../documentation/documented.js';
import { OPERATION_ANSWERS } from '../documentation/operation-answers.js';
import { requestTraceparent } from '../http/trace-context.js';
import { validated } from '../http/validated.js';
import { stockIntakeStart } from '../imports/stock-intake.js';
import { Orchestrator } from '../orchestrator/orchestrator.js';
import { idOfRequest } from '../orders/order-identity.js';
import { idOfPath } from '../orders/order.requests.js';
import { expectStarted } from '../orders/started.js';
import { ProblemError } from '../problems/problem-error.js';
import { AllowRoles, CurrentCaller } from '../security/allow-roles.js';
import type { Caller } from '../security/roles.js';

/** Body of `POST /stock-intakes`. */
const stockIntakeSchema = z.strictObject({
  items: z
    .array(z.strictObject({ sku: skuSchema, quantity: z.number().int().min(0).max(1_000_000_000) }))
    .min(1)
    .max(1_000)
    .refine((items) => new Set(items.map((item) => item.sku)).size === items.length, 'names a SKU twice'),
});

/** The first stock of SKUs. */
@ApiTags('stock')
@ApiBearerAuth()
@Controller('stock-intakes')
export class StockController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @Post()
  @HttpCode(202)
  @AllowRoles('operator')
  @Documented({ summary: 'Makes SKUs known with the stock they start with; known ones keep theirs.', status: 202, body: stockIntakeSchema, answer: OPERATION_ANSWERS.acceptedIntake, problems: ['idempotency-key-reused', 'overloaded'] })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ intakeId: string; status: 'accepted'; links: { self: string } }> {
    const { items } = validated(stockIntakeSchema, body, 'body');
    const intakeId = idOfRequest('stock-intake', caller.keyId, idempotencyKey);
    const [result] = await this.orchestrator.start([stockIntakeStart({ intakeId, items }, caller.keyId, requestTraceparent(request))]);
    expectStarted(result);
    const self = `/stock-intakes/${intakeId}`;
    void reply.header('location', self);
    return { intakeId, status: 'accepted', links: { self } };
  }

  @Get(':intakeId')
  @Documented({ summary: 'Whether a stock intake is done.', status: 200, answer: OPERATION_ANSWERS.intake, problems: ['stock-intake-not-found'] })
  async get(@Param('intakeId') intakeId: string): Promise<{ intakeId: string; status: string }> {
    const id = idOfPath(intakeId, 'stock-intake-not-found');
    try {
      const { status } = await this.orchestrator.describe(stockIntakeWorkflowId(id));
      return { intakeId: id, status: status.toLowerCase() };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new ProblemError('stock-intake-not-found', `There is no stock intake ${id}.`);
      throw error;
    }
  }
}
