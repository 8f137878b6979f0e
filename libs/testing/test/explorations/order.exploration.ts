import { fileURLToPath } from 'node:url';
import { defineExploration, transaction } from '../../src/index.js';

interface Shop {
  stock: number;
  charges: number;
  shipments: number;
}

const undone = (info: { undo?: { step: string } }): number => (info.undo?.step === 'completed' ? 1 : 0);

/** An order whose services keep to their inboxes: reserve, charge, ship, and their undos. */
export default defineExploration('order', {
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  args: ['o1'],
  searchAttributes: { OrderStatus: 'Keyword' },
  state: (): Shop => ({ stock: 3, charges: 0, shipments: 0 }),
  activities: {
    reserveStock: transaction((state: Shop) => ({ reservationId: `r${(state.stock -= 1)}` })),
    releaseStock: transaction((state: Shop, _input, { info }) => void (state.stock += undone(info))),
    chargePayment: transaction((state: Shop) => ({ chargeId: `c${(state.charges += 1)}` })),
    refundPayment: transaction((state: Shop, _input, { info }) => void (state.charges -= undone(info))),
    shipOrder: transaction((state: Shop) => ({ shipmentId: `s${(state.shipments += 1)}` })),
    cancelShipment: transaction((state: Shop, _input, { info }) => void (state.shipments -= undone(info))),
  },
  invariant: ({ state: { stock, charges, shipments }, run: { status, result } }) => {
    const sold = status === 'CANCELED' || JSON.stringify(result).includes('compensated') ? 0 : 1;
    return stock === 3 - sold && charges === sold && shipments === sold ? undefined : `${status}, ${stock} in stock, ${charges} charged, ${shipments} shipped`;
  },
});
