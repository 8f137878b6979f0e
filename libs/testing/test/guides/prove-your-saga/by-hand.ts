import { proxyActivities } from '@backstitch/workflow';
import type { ShopActivities } from './shop.js';

interface Undos {
  release(orderId: string): Promise<void>;
  refund(orderId: string): Promise<void>;
}

const { reserve, charge, ship, release, refund } = proxyActivities<ShopActivities & Undos>({ taskQueue: 'shop', startToCloseTimeout: '10 seconds' });

export async function placeOrder(orderId: string): Promise<string> {
  const undos: (() => Promise<void>)[] = [];
  try {
    await reserve(orderId);
    undos.unshift(() => release(orderId));
    await charge(orderId);
    undos.unshift(() => refund(orderId));
    await ship(orderId);
    return 'shipped';
  } catch {
    for (const undo of undos) await undo();
    return 'undone';
  }
}
