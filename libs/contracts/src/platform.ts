import type { SearchAttributeDefinitions } from '@backstitch/protocol';

/** Search attributes of the order platform's workflows. */
export const ORDER_SEARCH_ATTRIBUTES = {
  OrderId: 'Keyword',
  CustomerId: 'Keyword',
  OrderStatus: 'Keyword',
  ReturnStatus: 'Keyword',
  /** In minor units. */
  AmountMinor: 'Int',
  Currency: 'Keyword',
  /** Id of the API key that placed it; decides who may read it. */
  PlacedBy: 'Keyword',
  /** Import that placed it, if any. */
  ImportId: 'Keyword',
} as const satisfies SearchAttributeDefinitions;

/** The services that serve activities, by the name that their queues, schemas and roles bear. */
export const SERVICES = ['inventory', 'payment', 'fulfilment'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Names of the platform's workflows, as `workflowType`. */
export const WORKFLOW_TYPE = {
  order: 'orderWorkflow',
  return: 'returnWorkflow',
  stockIntake: 'stockIntakeWorkflow',
} as const;

export function orderWorkflowId(orderId: string): string {
  return `order-${orderId}`;
}
export function returnWorkflowId(returnId: string): string {
  return `return-${returnId}`;
}
export function stockIntakeWorkflowId(intakeId: string): string {
  return `stock-intake-${intakeId}`;
}
