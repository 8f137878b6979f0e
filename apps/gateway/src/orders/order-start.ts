import { orderWorkflowId, WORKFLOW_TYPE, type Order } from '@backstitch/contracts';
import type { JsonValue, StartWorkflowRequest } from '@backstitch/protocol';
import { fingerprint } from '../identity/fingerprint.js';

export interface OrderStartContext {
  keyId: string;
  importId?: string;
  traceparent?: string | undefined;
}

/** The start of an order's workflow. The fingerprint is of the order alone: neither who placed it nor which import matters. */
export function orderStart(order: Order, { keyId, importId, traceparent }: OrderStartContext): StartWorkflowRequest {
  return {
    workflowId: orderWorkflowId(order.orderId),
    workflowType: WORKFLOW_TYPE.order,
    args: [order as unknown as JsonValue],
    searchAttributes: {
      OrderId: [order.orderId],
      ...(order.customerId === null ? {} : { CustomerId: [order.customerId] }),
      OrderStatus: ['reserving'],
      AmountMinor: [order.amountMinor],
      Currency: [order.currency],
      PlacedBy: [keyId],
      ...(importId === undefined ? {} : { ImportId: [importId] }),
    },
    requestFingerprint: fingerprint(order),
    identity: `gateway:${keyId}`,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
