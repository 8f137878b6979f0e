import { resumable, transaction, type SimulatedActivity } from '../../src/index.js';

/** How often each step of the shop has taken effect and was not undone. */
export interface Shop {
  reserved: number;
  charged: number;
  shipped: number;
  rows: number;
}

type Count = keyof Shop;

export const newShop = (): Shop => ({ reserved: 0, charged: 0, shipped: 0, rows: 0 });

function step(count: Count, result: string): SimulatedActivity<Shop> {
  return transaction((shop: Shop) => {
    shop[count] += 1;
    return { [result]: `${result} ${shop[count]}` };
  });
}

function undo(count: Count): SimulatedActivity<Shop> {
  return transaction((shop: Shop, _input, { info }) => {
    shop[count] -= info.undo?.step === 'completed' ? 1 : 0;
  });
}

/** Services that keep to their inboxes. */
export const shopActivities = {
  reserve: step('reserved', 'reservation'),
  release: undo('reserved'),
  charge: step('charged', 'charge'),
  refund: undo('charged'),
  ship: step('shipped', 'shipment'),
  recall: undo('shipped'),
  importRows: resumable<Shop, number>(async (shop, rows, context) => {
    for (let row = (context.info.checkpoint as number | undefined) ?? 0; row < rows; row += 1) {
      shop.rows += 1;
      context.heartbeat(row + 1);
      await context.commit(row + 1);
    }
    return shop.rows;
  }),
};
