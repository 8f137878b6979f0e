import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Documented } from '../documentation/documented.js';
import { ORDER_ANSWERS } from '../documentation/order-answers.js';
import { idOfPath } from '../orders/order.requests.js';
import { AllowRoles, CurrentCaller } from '../security/allow-roles.js';
import type { Caller } from '../security/roles.js';
import { ReturnsService, type ReturnView } from './returns.service.js';

@ApiTags('returns')
@ApiBearerAuth()
@Controller('returns')
export class ReturnsController {
  constructor(@Inject(ReturnsService) private readonly returns: ReturnsService) {}

  @Get(':returnId')
  @AllowRoles('orders', 'operator', 'viewer')
  @Documented({ summary: 'A return with each step and each undo. The role orders sees its own.', status: 200, answer: ORDER_ANSWERS.return, problems: ['return-not-found'] })
  get(@CurrentCaller() caller: Caller, @Param('returnId') returnId: string): Promise<ReturnView> {
    return this.returns.get(caller, idOfPath(returnId, 'return-not-found'));
  }
}
