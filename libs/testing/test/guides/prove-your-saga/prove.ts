import { explore, type ExploreOptions, type ExploreReport, type SimulatedActivities } from '@backstitch/testing';
import type { Shop } from './shop.js';

/** Throws an InvariantBrokenError with the shortest course of things that breaks the promise. */
export function proveOrder(workflowsPath: string, activities: SimulatedActivities<Shop>, options: Partial<ExploreOptions<Shop>> = {}): Promise<ExploreReport> {
  return explore('placeOrder', {
    workflowsPath,
    activities,
    args: ['o-1'],
    state: () => ({ stock: 5, payments: {}, parcels: 0 }),
    invariant: ({ state, run }) => {
      const paid = Object.values(state.payments).filter((payment) => payment === 'paid').length;
      const sold = run.result === 'shipped' ? 1 : 0;
      if (state.stock === 5 - sold && paid === sold && state.parcels === sold) return undefined;
      return `The order is "${String(run.result)}", with ${5 - state.stock} off the stock, ${paid} paid and ${state.parcels} shipped.`;
    },
    ...options,
  });
}
