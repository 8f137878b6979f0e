import { placeOrderSchema, placeReturnSchema } from '@backstitch/contracts';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Documented } from '../documentation/documented.js';
import { ORDER_ANSWERS } from '../documentation/order-answers.js';
import { requestTraceparent } from '../http/trace-context.js';
import { validated } from '../http/validated.js';
import { ReturnsService, type PlacedReturn } from '../returns/returns.service.js';
import { AllowRoles, CurrentCaller } from '../security/allow-roles.js';
import type { Caller } from '../security/roles.js';
import { cancelOrderSchema, idOfPath, listOrdersSchema } from './order.requests.js';
import type { OrderSummaryView, OrderView } from './order-view.js';
import { OrdersService, type PlacedOrder } from './orders.service.js';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description: 'Printable ASCII, at most 255 characters. The same key and body give the same answer; the same key with another body is 422.',
};

@ApiTags('orders')
@ApiBearerAuth()
@AllowRoles('orders', 'operator')
@Controller('orders')
export class OrdersController {
  constructor(
    @Inject(OrdersService) private readonly orders: OrdersService,
    @Inject(ReturnsService) private readonly returns: ReturnsService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiHeader(IDEMPOTENCY_KEY)
  @Documented({
    summary: 'Places an order. 202 means that it is committed.',
    status: 202,
    body: placeOrderSchema,
    answer: ORDER_ANSWERS.placedOrder,
    problems: ['idempotency-key-reused', 'overloaded'],
  })
  async place(
    @CurrentCaller() caller: Caller,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlacedOrder> {
    const placed = await this.orders.place(caller, validated(placeOrderSchema, body, 'body'), idempotencyKey, requestTraceparent(request));
    void reply.header('location', placed.links.self);
    return placed;
  }

  @Get()
  @AllowRoles('orders', 'operator', 'viewer')
  @Documented({
    summary: 'Orders, newest first. The role orders sees its own.',
    status: 200,
    query: listOrdersSchema,
    answer: ORDER_ANSWERS.orders,
    problems: ['invalid-request'],
  })
  list(@CurrentCaller() caller: Caller, @Query() query: unknown): Promise<{ orders: OrderSummaryView[]; nextCursor: string | null }> {
    return this.orders.list(caller, validated(listOrdersSchema, query, 'query'));
  }

  @Get(':orderId')
  @AllowRoles('orders', 'operator', 'viewer')
  @Documented({ summary: 'An order with each step and each undo.', status: 200, answer: ORDER_ANSWERS.order, problems: ['order-not-found'] })
  get(@CurrentCaller() caller: Caller, @Param('orderId') orderId: string): Promise<OrderView> {
    return this.orders.get(caller, orderIdOf(orderId));
  }

  @Post(':orderId/cancel')
  @HttpCode(202)
  @Documented({
    summary: 'Cancels a running order: its undos run. Again changes nothing.',
    status: 202,
    body: cancelOrderSchema,
    optionalBody: true,
    answer: ORDER_ANSWERS.order,
    problems: ['order-not-found', 'order-already-closed'],
  })
  cancel(@CurrentCaller() caller: Caller, @Param('orderId') orderId: string, @Body() body: unknown): Promise<OrderView> {
    return this.orders.cancel(caller, orderIdOf(orderId), validated(cancelOrderSchema, body ?? {}, 'body').reason);
  }

  @Post(':orderId/return')
  @HttpCode(202)
  @ApiHeader(IDEMPOTENCY_KEY)
  @Documented({
    summary: 'Returns a completed order, or lines of it: refund and restock, a workflow of its own. 202 means that it is committed.',
    status: 202,
    body: placeReturnSchema,
    optionalBody: true,
    answer: ORDER_ANSWERS.placedReturn,
    problems: ['order-not-found', 'order-not-completed', 'nothing-to-return', 'return-exceeds-order', 'idempotency-key-reused'],
  })
  async return(
    @CurrentCaller() caller: Caller,
    @Param('orderId') orderId: string,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlacedReturn> {
    const placed = await this.returns.place(caller, orderIdOf(orderId), validated(placeReturnSchema, body ?? {}, 'body'), idempotencyKey, requestTraceparent(request));
    void reply.header('location', placed.links.self);
    return placed;
  }
}

function orderIdOf(text: string): string {
  return idOfPath(text, 'order-not-found');
}
