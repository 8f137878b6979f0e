import { transaction, type SimulatedActivities } from '@backstitch/testing';
import type { Shop } from './shop.js';

export const services: SimulatedActivities<Shop> = {
  reserve: transaction((shop) => {
    shop.stock -= 1;
  }),
  release: transaction((shop) => {
    shop.stock += 1;
  }),
  charge: transaction((shop, orderId: string) => {
    shop.payments[orderId] = 'paid';
  }),
  refund: transaction((shop, orderId: string) => {
    shop.payments[orderId] = 'refunded';
  }),
  ship: transaction((shop) => {
    shop.parcels += 1;
  }),
};
