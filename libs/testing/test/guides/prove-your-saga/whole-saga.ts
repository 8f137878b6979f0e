import { proxyActivities, saga, type UndoInput } from '@backstitch/workflow';
import type { ShopActivities } from './shop.js';

interface Undos {
  release(undo: UndoInput<string>): Promise<void>;
  refund(undo: UndoInput<string>): Promise<void>;
  recall(undo: UndoInput<string>): Promise<void>;
}

const { reserve, charge, ship } = proxyActivities<ShopActivities>({ taskQueue: 'shop', startToCloseTimeout: '10 seconds', retry: { maximumAttempts: 2 } });
const { release, refund, recall } = proxyActivities<Undos>({ taskQueue: 'shop', startToCloseTimeout: '10 seconds' });

export async function placeOrder(orderId: string): Promise<string> {
  try {
    return await saga(async (s) => {
      await s.step(reserve, orderId, { undo: release });
      await s.step(charge, orderId, { undo: refund });
      await s.step(ship, orderId, { undo: recall });
      return 'shipped';
    });
  } catch {
    return 'undone';
  }
}
