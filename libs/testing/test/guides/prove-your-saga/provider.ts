import { external, type SimulatedActivities } from '@backstitch/testing';
import { carefulServices } from './careful-services.js';
import type { Shop } from './shop.js';

export const withProvider: SimulatedActivities<Shop> = {
  ...carefulServices,
  charge: external((shop) => {
    const paymentId = `payment-${Object.keys(shop.payments).length + 1}`;
    shop.payments[paymentId] = 'paid';
  }),
  refund: external((shop) => {
    for (const paymentId of Object.keys(shop.payments)) shop.payments[paymentId] = 'refunded';
  }),
};
