import { orderAmountMinor, orderWorkflowId, WORKFLOW_TYPE, type Order, type PlaceOrder } from '@backstitch/contracts';
import { WorkflowAlreadyClosedError, WorkflowNotFoundError, type ListWorkflowsRequest, type WorkflowDescription } from '@backstitch/protocol';
import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { Orchestrator } from '../orchestrator/orchestrator.js';
import { refuseCursor } from '../orchestrator/refuse-cursor.js';
import { ProblemError, refuseRequest } from '../problems/problem-error.js';
import type { Caller } from '../security/roles.js';
import type { listOrdersSchema } from './order.requests.js';
import { idOfRequest } from './order-identity.js';
import { orderStart } from './order-start.js';
import { firstText, orderSummaryView, orderView, type OrderSummaryView, type OrderView } from './order-view.js';
import { expectStarted } from './started.js';

export interface PlacedOrder {
  orderId: string;
  status: 'accepted';
  amountMinor: number;
  currency: string;
  links: { self: string; cancel: string; return: string };
}

/** Places, shows and cancels orders. Nothing about an order is stored here: its workflow is the truth. */
@Injectable()
export class OrdersService {
  constructor(
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the order is committed. The same idempotency key and body give the same answer. */
  async place(caller: Caller, body: PlaceOrder, idempotencyKey: string | undefined, traceparent: string | undefined): Promise<PlacedOrder> {
    const amountMinor = orderAmountMinor(body.lines);
    if (!Number.isSafeInteger(amountMinor)) refuseRequest([{ in: 'body', pointer: '/lines', detail: 'come to an amount that is too large' }]);
    const orderId = idOfRequest('order', caller.keyId, idempotencyKey);
    const order: Order = { ...body, orderId, customerId: body.customerId ?? null, amountMinor };
    const [result] = await this.orchestrator.start([orderStart(order, { keyId: caller.keyId, traceparent })]);
    expectStarted(result);
    this.logger.info({ orderId, workflowId: orderWorkflowId(orderId), outcome: result?.status }, 'order accepted');
    const self = `/orders/${orderId}`;
    return { orderId, status: 'accepted', amountMinor, currency: body.currency, links: { self, cancel: `${self}/cancel`, return: `${self}/return` } };
  }

  async list(caller: Caller, query: z.output<typeof listOrdersSchema>): Promise<{ orders: OrderSummaryView[]; nextCursor: string | null }> {
    const request: ListWorkflowsRequest = {
      workflowType: WORKFLOW_TYPE.order,
      pageSize: query.pageSize,
      searchAttributes: {
        ...(query.status === undefined ? {} : { OrderStatus: query.status }),
        ...(query.customerId === undefined ? {} : { CustomerId: query.customerId }),
        ...(query.importId === undefined ? {} : { ImportId: query.importId }),
        ...(caller.role === 'orders' ? { PlacedBy: caller.keyId } : {}),
      },
      ...(query.placedAfter === undefined ? {} : { startedAfterMs: Date.parse(query.placedAfter) }),
      ...(query.placedBefore === undefined ? {} : { startedBeforeMs: Date.parse(query.placedBefore) }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    };
    const page = await this.orchestrator.list(request).catch(refuseCursor);
    return { orders: page.workflows.map(orderSummaryView), nextCursor: page.nextCursor ?? null };
  }

  async get(caller: Caller, orderId: string): Promise<OrderView> {
    return orderView(await this.describe(caller, orderId));
  }

  /** Asks a running order to cancel: its undos run. A second request changes nothing. */
  async cancel(caller: Caller, orderId: string, reason: string | undefined): Promise<OrderView> {
    const before = await this.describe(caller, orderId);
    if (before.status !== 'RUNNING') throw new ProblemError('order-already-closed', `Order ${orderId} is ${orderView(before).status}.`);
    try {
      await this.orchestrator.cancel(before.workflowId, { identity: `gateway:${caller.keyId}`, ...(reason === undefined ? {} : { reason }) });
    } catch (error) {
      // It ended between the look and the request.
      if (error instanceof WorkflowAlreadyClosedError) throw new ProblemError('order-already-closed', `Order ${orderId} has ended.`, {}, { cause: error });
      throw error;
    }
    this.logger.info({ orderId, workflowId: before.workflowId }, 'order cancellation requested');
    return { ...orderView(before), cancelRequested: true };
  }

  /** @throws ProblemError `order-not-found`, also where the caller may not know of it */
  async describe(caller: Caller, orderId: string): Promise<WorkflowDescription> {
    try {
      const description = await this.orchestrator.describe(orderWorkflowId(orderId));
      const isVisible = caller.role !== 'orders' || firstText(description.searchAttributes, 'PlacedBy') === caller.keyId;
      if (isVisible && description.workflowType === WORKFLOW_TYPE.order) return description;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new ProblemError('order-not-found', `There is no order ${orderId}.`);
  }
}
