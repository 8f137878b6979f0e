import type { Order } from '@backstitch/contracts';
import type { SearchAttributes, WorkflowDescription, WorkflowSummary } from '@backstitch/protocol';
import { failureView, incidentView, isoTime, stepViews, type IncidentView, type StepView, type UndoView } from './step-view.js';
import { runEnd } from './run-status.js';

/** One row of a list of orders. */
export interface OrderSummaryView {
  orderId: string;
  status: string;
  customerId: string | null;
  amountMinor: number | null;
  currency: string | null;
  placedAt: string;
  closedAt: string | null;
  openIncidents: number;
  links: { self: string };
}

export interface OrderView extends OrderSummaryView {
  reference: string | null;
  lines: Order['lines'];
  shippingAddress: Order['shippingAddress'];
  /** Why it was undone or failed. */
  reason: string | null;
  failedStep: string | null;
  cancelRequested: boolean;
  steps: StepView[];
  undos: UndoView[];
  incidents: IncidentView[];
}

export function orderSummaryView(summary: WorkflowSummary): OrderSummaryView {
  const orderId = firstText(summary.searchAttributes, 'OrderId') ?? summary.workflowId.replace(/^order-/, '');
  return {
    orderId,
    status: listedStatus(summary, 'OrderStatus', 'reserving'),
    customerId: firstText(summary.searchAttributes, 'CustomerId'),
    amountMinor: firstNumber(summary.searchAttributes, 'AmountMinor'),
    currency: firstText(summary.searchAttributes, 'Currency'),
    placedAt: isoTime(summary.startedAtMs),
    closedAt: summary.closedAtMs === undefined ? null : isoTime(summary.closedAtMs),
    openIncidents: summary.openIncidents,
    links: { self: `/orders/${orderId}` },
  };
}

export function orderView(description: WorkflowDescription): OrderView {
  const order = description.input[0] as unknown as Order;
  const end = runEnd(description.status, description.result);
  return {
    ...orderSummaryView(description),
    ...(end === undefined ? {} : { status: end.status }),
    reference: order.reference ?? null,
    lines: order.lines,
    shippingAddress: order.shippingAddress,
    reason: end?.reason ?? (description.failure === undefined ? null : failureView(description.failure).message),
    failedStep: end?.failedStep ?? null,
    cancelRequested: description.cancelRequested,
    ...stepViews(description.activities),
    incidents: description.incidents.map(incidentView),
  };
}

/** The status in the search attribute, unless the run itself says more: a run that was cancelled or failed may not have come to setting it. */
export function listedStatus(summary: WorkflowSummary, attribute: string, initial: string): string {
  if (summary.status === 'CANCELED') return 'cancelled';
  if (summary.status === 'FAILED' || summary.status === 'TERMINATED') return 'failed';
  return firstText(summary.searchAttributes, attribute) ?? initial;
}

export function firstText(attributes: SearchAttributes, name: string): string | null {
  const value = attributes[name]?.[0];
  return typeof value === 'string' ? value : null;
}

function firstNumber(attributes: SearchAttributes, name: string): number | null {
  const value = attributes[name]?.[0];
  return typeof value === 'number' ? value : null;
}
