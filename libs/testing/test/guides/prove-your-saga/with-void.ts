import { ApplicationFailure } from '@backstitch/activity';
import { external, type SimulatedActivities } from '@backstitch/testing';
import { carefulServices } from './careful-services.js';
import type { Shop } from './shop.js';

export const withVoid: SimulatedActivities<Shop> = {
  ...carefulServices,
  charge: external((shop, _orderId, { key }) => {
    shop.payments[key] ??= 'paid';
    if (shop.payments[key] !== 'paid') throw ApplicationFailure.nonRetryable('The payment was called off', 'CalledOff');
  }),
  refund: external((shop, _undo, { info }) => {
    const key = info.undo?.stepKey ?? '';
    shop.payments[key] = shop.payments[key] === 'paid' ? 'refunded' : 'void';
  }),
};
