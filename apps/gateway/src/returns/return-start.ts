import { returnWorkflowId, WORKFLOW_TYPE, type ReturnOrder } from '@backstitch/contracts';
import type { JsonValue, StartWorkflowRequest } from '@backstitch/protocol';
import { fingerprint } from '../identity/fingerprint.js';

export interface ReturnStartContext {
  placedBy: string;
  importId?: string | null;
  traceparent?: string | null;
}

/** The start of a return's workflow. */
export function returnStart(returnOrder: ReturnOrder, { placedBy, importId, traceparent }: ReturnStartContext): StartWorkflowRequest {
  const [part] = returnOrder.parts;
  return {
    workflowId: returnWorkflowId(returnOrder.returnId),
    workflowType: WORKFLOW_TYPE.return,
    args: [returnOrder as unknown as JsonValue],
    searchAttributes: {
      ...(returnOrder.parts.length === 1 && part !== undefined ? { OrderId: [part.orderId] } : {}),
      ...(returnOrder.customerId === null ? {} : { CustomerId: [returnOrder.customerId] }),
      ReturnStatus: ['restocking'],
      AmountMinor: [returnOrder.amountMinor],
      ...(part === undefined ? {} : { Currency: [part.currency] }),
      PlacedBy: [placedBy],
      ...(importId ? { ImportId: [importId] } : {}),
    },
    requestFingerprint: fingerprint(returnOrder),
    identity: `gateway:${placedBy}`,
    ...(traceparent ? { traceparent } : {}),
  };
}
