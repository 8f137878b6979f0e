import { transaction, type SimulatedActivities } from '@backstitch/testing';
import { services } from './services.js';
import type { Shop } from './shop.js';

export const carefulServices: SimulatedActivities<Shop> = {
  ...services,
  release: transaction((shop, _undo, { info }) => {
    if (info.undo?.step === 'completed') shop.stock += 1;
  }),
  refund: transaction((shop, { input: orderId }: { input: string }, { info }) => {
    if (info.undo?.step === 'completed') shop.payments[orderId] = 'refunded';
  }),
  recall: transaction((shop, _undo, { info }) => {
    if (info.undo?.step === 'completed') shop.parcels -= 1;
  }),
};
