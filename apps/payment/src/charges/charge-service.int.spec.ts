import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '@backstitch/stripe-simulator';
import { chargeInput, openPaymentDatabase, paymentServices, providerWith, stepScope, stripeAt, untilSettled, type PaymentDatabase } from '../../test/payment-harness.js';
import { OrderAlreadyChargedError, PaymentDeclinedError, PaymentMismatchError, PaymentRefusal } from '../payment-errors.js';
import { ProviderDoubtError } from '../provider/provider-errors.js';
import type { StripePaymentProvider } from '../provider/stripe-payment-provider.js';

let database: PaymentDatabase;
let simulator: StripeSimulator;
let provider: StripePaymentProvider;
let orders = 0;

const isRefusal = (error: unknown) => error instanceof PaymentRefusal;
const nextOrder = () => `order-${(orders += 1)}`;

beforeAll(async () => {
  database = await openPaymentDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  simulator = await startStripeSimulator({ hangMs: 60_000, lateMs: 800 });
  provider = stripeAt(simulator.url);
});
afterEach(async () => {
  provider.close();
  await simulator.close();
});

describe('charging an order', () => {
  it('given a good card, when it is charged twice under one key, then it is charged once and the second answer is the same', async () => {
    const { charging } = paymentServices(provider);
    const orderId = nextOrder();
    const first = await charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId));
    const second = await charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId));
    expect(second).toEqual(first);
    expect(simulator.totals()).toMatchObject({ charges: 1, charged: { gbp: 1250 } });
    expect((await database.ledger()).filter((row) => row.order_id === orderId)).toEqual([
      { kind: 'payment.charged', order_id: orderId, reference: null, amount_minor: '1250', currency: 'GBP' },
    ]);
  });

  it.each([
    'tok_timeoutBeforeCharge',
    'tok_timeoutAfterCharge',
    'tok_chargeAfterTimeout',
    'tok_dropAfterCharge',
    'tok_500',
    'tok_500AfterCharge',
    'tok_429',
    'tok_timeoutOnCreate',
    'tok_500OnCreate',
  ])('given %s, when attempts go on until one succeeds, then there is exactly one charge', async (token) => {
    const { charging } = paymentServices(provider);
    const orderId = nextOrder();
    const input = chargeInput(orderId, token);
    await untilSettled(() => charging.charge(stepScope(database.dataSource, orderId), input), isRefusal);
    expect(simulator.charges()).toMatchObject([{ amount: 1250, refunded: 0, metadata: { order_id: orderId } }]);
  });

  it.each(['tok_timeoutBeforeCharge', 'tok_timeoutAfterCharge', 'tok_500', 'tok_timeoutOnCreate', 'tok_500OnCreate'])(
    'given %s and keys that the provider forgets after each attempt, when attempts go on, then there is exactly one charge',
    async (token) => {
      const { charging } = paymentServices(provider);
      const orderId = nextOrder();
      const attempt = async () => {
        try {
          return await charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId, token));
        } finally {
          simulator.forgetKeys();
        }
      };
      await untilSettled(attempt, isRefusal);
      expect(simulator.charges()).toHaveLength(1);
    },
  );

  it('given a crash after the provider charged and before we knew, when another delivery comes, then it asks first and sends nothing', async () => {
    const orderId = nextOrder();
    const dying = providerWith(provider, {
      confirmIntent: async (intentId: string, key: string) => {
        await provider.confirmIntent(intentId, key);
        throw new Error('the process died');
      },
    });
    await expect(paymentServices(dying).charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId))).rejects.toThrow('died');
    const sentBefore = simulator.requestCount();
    await paymentServices(provider).charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId));
    expect(simulator.requestCount()).toBe(sentBefore);
    expect(simulator.totals()).toMatchObject({ charges: 1 });
  });

  it('given a doubt that the provider does not resolve, when an attempt ends, then it fails with the doubt and nothing was sent twice', async () => {
    const orderId = nextOrder();
    const mute = providerWith(provider, {
      confirmIntent: async () => {
        throw new ProviderDoubtError('confirm intent', 'no answer');
      },
    });
    await expect(paymentServices(mute).charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId))).rejects.toThrow(ProviderDoubtError);
    expect(simulator.totals()).toMatchObject({ charges: 0, unconfirmedPaymentIntents: 1 });
  });

  it.each([
    ['tok_chargeDeclined', 'generic_decline'],
    ['tok_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['tok_nobody', 'resource_missing'],
  ])('given %s, when it is charged, then it is declined with %s for good', async (token, declineCode) => {
    const { charging } = paymentServices(provider);
    const orderId = nextOrder();
    for (const _attempt of [1, 2]) {
      await expect(charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId, token))).rejects.toMatchObject({
        constructor: PaymentDeclinedError,
        type: 'PaymentDeclined',
        declineCode,
      });
    }
    expect(simulator.totals()).toMatchObject({ charges: 0 });
  });

  it('given an order with a live charge, when it is charged under another key, then that is refused and its intent is not charged', async () => {
    const { charging } = paymentServices(provider);
    const orderId = nextOrder();
    await charging.charge(stepScope(database.dataSource, `${orderId}/a`), chargeInput(orderId));
    await expect(charging.charge(stepScope(database.dataSource, `${orderId}/b`), chargeInput(orderId))).rejects.toThrow(OrderAlreadyChargedError);
    expect(simulator.totals()).toMatchObject({ charges: 1, unconfirmedPaymentIntents: 0 });
  });

  it('given an intent over another amount than recorded, when it is found charged, then a person must look', async () => {
    const orderId = nextOrder();
    const strange = providerWith(provider, {
      confirmIntent: async (intentId: string, key: string) => ({ ...(await provider.confirmIntent(intentId, key)), amountMinor: 1 }),
    });
    await expect(paymentServices(strange).charging.charge(stepScope(database.dataSource, orderId), chargeInput(orderId))).rejects.toThrow(PaymentMismatchError);
  });
});
