import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { ORDER_SEARCH_ATTRIBUTES, orderWorkflowId, type Order, type OrderResult } from '@backstitch/contracts';
import { defineExploration, type ExploredEnd, type ExploreOptions } from '@backstitch/testing';
import { platformActivities, simulatedPlatform, type SimulatedPlatform } from './simulated-platform.js';

export const ORDER: Order = {
  orderId: '7',
  customerId: 'c1',
  currency: 'GBP',
  amountMinor: 1290,
  paymentToken: 'tok_visa',
  lines: [
    { sku: 'A', quantity: 3, unitPriceMinor: 400 },
    { sku: 'B', quantity: 1, unitPriceMinor: 90 },
  ],
  shippingAddress: { country: 'United Kingdom' },
};

/** All or nothing: goods, money and shipment together, exactly once, or none of them. */
function allOrNothing({ state, run }: ExploredEnd<SimulatedPlatform>): string | undefined {
  const isSold = run.status === 'COMPLETED' && (run.result as unknown as OrderResult).status === 'completed';
  const intents = Object.values(state.intents);
  const takenMinor = intents.filter(({ status }) => status === 'succeeded').reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const refundedMinor = intents.flatMap(({ refunds }) => Object.values(refunds)).reduce((sum, minor) => sum + minor, 0);
  const is = {
    isEndedWell: run.status === 'COMPLETED' || run.status === 'CANCELED',
    stock: state.stock,
    paidMinor: takenMinor - refundedMinor,
    isChargedOnceAtMost: intents.reduce((sum, { confirmations }) => sum + confirmations, 0) <= 1,
    shipments: Object.values(state.shipments).filter((shipment) => shipment.state === 'registered').length,
  };
  const mustBe: typeof is = {
    isEndedWell: true,
    stock: { A: { onHand: isSold ? 7 : 10, reserved: 0 }, B: { onHand: isSold ? 0 : 1, reserved: 0 } },
    paidMinor: isSold ? 1290 : 0,
    isChargedOnceAtMost: true,
    shipments: isSold ? 1 : 0,
  };
  return isDeepStrictEqual(is, mustBe) ? undefined : `The order is ${JSON.stringify(run.result ?? run.status)}, with ${JSON.stringify(is)}.`;
}

/** What becomes of an order, in a shop that has ten pieces of A and one of B. */
export function orderOptions(order: Order): ExploreOptions<SimulatedPlatform> {
  return {
    workflowsPath: fileURLToPath(new URL('../src/workflows/index.ts', import.meta.url)),
    workflowId: orderWorkflowId(order.orderId),
    args: [order],
    searchAttributes: ORDER_SEARCH_ATTRIBUTES,
    state: () => simulatedPlatform({ A: 10, B: 1 }),
    activities: platformActivities,
    invariant: allOrNothing,
  };
}

export default defineExploration('orderWorkflow', orderOptions(ORDER));
