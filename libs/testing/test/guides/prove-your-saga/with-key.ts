import { external, type SimulatedActivities } from '@backstitch/testing';
import { carefulServices } from './careful-services.js';
import type { Shop } from './shop.js';

export const withKey: SimulatedActivities<Shop> = {
  ...carefulServices,
  charge: external((shop, _orderId, { key }) => {
    shop.payments[key] ??= 'paid';
  }),
  refund: external((shop, _undo, { info }) => {
    const key = info.undo?.stepKey ?? '';
    if (shop.payments[key] === 'paid') shop.payments[key] = 'refunded';
  }),
};
