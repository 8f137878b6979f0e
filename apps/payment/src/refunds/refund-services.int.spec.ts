import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '@backstitch/stripe-simulator';
import { chargeInput, openPaymentDatabase, paymentServices, providerWith, stepScope, stripeAt, untilSettled, type PaymentDatabase } from '../../test/payment-harness.js';
import { PaymentRefusal, RefundExceedsChargeError } from '../payment-errors.js';
import type { PaymentProvider } from '../provider/payment-provider.js';
import { ProviderDoubtError } from '../provider/provider-errors.js';
import type { StripePaymentProvider } from '../provider/stripe-payment-provider.js';

let database: PaymentDatabase;
let simulator: StripeSimulator;
let provider: StripePaymentProvider;
let orders = 0;

const isRefusal = (error: unknown) => error instanceof PaymentRefusal;
const nextOrder = () => `order-${(orders += 1)}`;
const step = (key: string) => stepScope(database.dataSource, key);

async function chargedOrder(token = 'tok_visa', amountMinor = 1250): Promise<string> {
  const orderId = nextOrder();
  await untilSettled(() => paymentServices(provider).charging.charge(step(orderId), chargeInput(orderId, token, amountMinor)), isRefusal);
  return orderId;
}

const ledgerOf = async (orderId: string) =>
  (await database.ledger()).filter((row) => row.order_id === orderId).map((row) => [row.kind, Number(row.amount_minor), row.reference]);

beforeAll(async () => {
  database = await openPaymentDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  simulator = await startStripeSimulator({ hangMs: 60_000, lateMs: 3_000 });
  provider = stripeAt(simulator.url);
});
afterEach(async () => {
  provider.close();
  await simulator.close();
});

describe('undoing a charge', () => {
  it('given a charge, when it is undone twice, then it is refunded once and the ledger shows both', async () => {
    const { reversing } = paymentServices(provider);
    const orderId = await chargedOrder();
    expect(await reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 1250 });
    expect(await reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 1250 });
    expect(simulator.charges()).toMatchObject([{ amount: 1250, refunded: 1250 }]);
    expect(await ledgerOf(orderId)).toEqual([
      ['payment.charged', 1250, null],
      ['payment.reversed', 1250, null],
    ]);
  });

  it('given no charge under the key, when it is undone, then nothing happens', async () => {
    expect(await paymentServices(provider).reversing.reverse(step('undo-of-nothing'), 'no-such-key')).toEqual({ refundedMinor: 0 });
    expect(simulator.requestCount()).toBe(0);
  });

  it('given a declined card, when its charge is undone, then the intent is cancelled and nothing is refunded', async () => {
    const { charging, reversing } = paymentServices(provider);
    const orderId = nextOrder();
    await expect(charging.charge(step(orderId), chargeInput(orderId, 'tok_chargeDeclined'))).rejects.toThrow(PaymentRefusal);
    expect(await reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 0 });
    expect(simulator.totals()).toMatchObject({ unconfirmedPaymentIntents: 0, refunds: 0 });
    expect(await ledgerOf(orderId)).toEqual([]);
  });

  it.each(['tok_timeoutAfterCharge', 'tok_500AfterCharge'])('given %s and nobody who found out, when it is undone, then what was charged is refunded', async (token) => {
    const orderId = nextOrder();
    const blind = providerWith(provider, {
      retrieveIntent: async () => {
        throw new ProviderDoubtError('retrieve intent', 'no answer');
      },
    });
    await expect(paymentServices(blind).charging.charge(step(orderId), chargeInput(orderId, token))).rejects.toThrow(ProviderDoubtError);
    expect(await paymentServices(provider).reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 1250 });
    expect(simulator.charges()).toMatchObject([{ amount: 1250, refunded: 1250 }]);
    expect(await ledgerOf(orderId)).toEqual([
      ['payment.charged', 1250, null],
      ['payment.reversed', 1250, null],
    ]);
  });

  it('given a confirmation that is still under way, when its charge is undone, then it can not succeed any more', async () => {
    const { charging, reversing } = paymentServices(provider);
    const orderId = nextOrder();
    await expect(charging.charge(step(orderId), chargeInput(orderId, 'tok_chargeAfterTimeout'))).rejects.toThrow(ProviderDoubtError);
    expect(await reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 0 });
    // The late confirmation has happened once its key has an answer.
    await expect(
      untilSettled(() => provider.confirmIntent(simulatorIntent(), 'another-key'), (error) => !(error instanceof ProviderDoubtError)),
    ).rejects.toMatchObject({ code: 'INTENT_STATE' });
    expect(simulator.totals()).toMatchObject({ charges: 0 });

    function simulatorIntent(): string {
      return intentIds[0] ?? '';
    }
  });

  it.each(['tok_timeoutAfterRefund', 'tok_500OnRefund', 'tok_500AfterRefund'])(
    'given %s and keys that are forgotten, when undos go on until one succeeds, then it is refunded exactly once',
    async (token) => {
      const { reversing } = paymentServices(provider);
      const orderId = await chargedOrder(token);
      const attempt = async () => {
        try {
          return await reversing.reverse(step(`${orderId}/undo`), orderId);
        } finally {
          simulator.forgetKeys();
        }
      };
      expect(await untilSettled(attempt, isRefusal)).toEqual({ refundedMinor: 1250 });
      expect(simulator.charges()).toMatchObject([{ amount: 1250, refunded: 1250 }]);
      expect(simulator.totals()).toMatchObject({ refunds: 1 });
    },
  );

  it('given a stored 500 for the refund, when undos go on with the keys remembered, then another key is used and it is refunded once', async () => {
    const { reversing } = paymentServices(provider);
    const orderId = await chargedOrder('tok_500OnRefund');
    expect(await untilSettled(() => reversing.reverse(step(`${orderId}/undo`), orderId), isRefusal)).toEqual({ refundedMinor: 1250 });
    expect(simulator.totals()).toMatchObject({ refunds: 1 });
  });

  const intentIds: string[] = [];
  beforeEach(() => {
    intentIds.length = 0;
    const inner = provider;
    const createIntent = inner.createIntent.bind(inner);
    inner.createIntent = async (request, key) => {
      const intent = await createIntent(request, key);
      intentIds.push(intent.intentId);
      return intent;
    };
  });
});

describe('refunding a return', () => {
  const part = (orderId: string, refundMinor: number) => ({ orderId, refundMinor, currency: 'GBP' });

  it('given a return over two orders, when it is refunded twice, then each part is refunded once, and the ledger names the return', async () => {
    const { returning } = paymentServices(provider);
    const [first, second] = [await chargedOrder(), await chargedOrder()];
    const input = { returnId: 'return-1', parts: [part(first, 250), part(second, 1250), part(first, 100)] };
    const result = await returning.refund(step('return-1'), input);
    expect(await returning.refund(step('return-1'), input)).toEqual({ refundIds: expect.arrayContaining(result.refundIds) });
    expect(result.refundIds).toHaveLength(2);
    expect(simulator.charges().map((charge) => charge.refunded).sort()).toEqual([1250, 350]);
    expect(await ledgerOf(first)).toEqual([
      ['payment.charged', 1250, null],
      ['payment.refunded', 350, 'return-1'],
    ]);
  });

  it('given one part of two that exceeds its charge, when it is refunded, then it is refused and no money moves', async () => {
    const { returning } = paymentServices(provider);
    const [first, second] = [await chargedOrder(), await chargedOrder()];
    await expect(returning.refund(step('return-2'), { returnId: 'return-2', parts: [part(first, 100), part(second, 1251)] })).rejects.toMatchObject({
      constructor: RefundExceedsChargeError,
      orderId: second,
      refundableMinor: 1250,
    });
    expect(simulator.totals()).toMatchObject({ refunds: 0 });
    expect(await ledgerOf(first)).toEqual([['payment.charged', 1250, null]]);
  });

  it('given twenty returns at once over two orders, when together they ask for too much, then what is refunded never exceeds the charges', async () => {
    const { returning } = paymentServices(provider);
    const pair = [await chargedOrder(), await chargedOrder()];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => {
        const ordered = index % 2 === 0 ? pair : pair.toReversed();
        return returning.refund(step(`crowd-${index}`), { returnId: `crowd-${index}`, parts: ordered.map((orderId) => part(orderId, 125)) });
      }),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof RefundExceedsChargeError)).toHaveLength(10);
    expect(simulator.charges().map((charge) => charge.refunded)).toEqual([1250, 1250]);
  });

  it('given a part that was sent without an answer, when another attempt comes, then it finds the refund and goes on with the rest', async () => {
    const [first, second] = [await chargedOrder('tok_timeoutAfterRefund'), await chargedOrder()];
    const input = { returnId: 'return-3', parts: [part(first, 400), part(second, 500)] };
    const blind: PaymentProvider = providerWith(provider, { findRefund: async () => undefined });
    await expect(paymentServices(blind).returning.refund(step('return-3'), input)).rejects.toThrow(ProviderDoubtError);
    simulator.forgetKeys();
    const { refundIds } = await paymentServices(provider).returning.refund(step('return-3'), input);
    expect(refundIds).toHaveLength(2);
    expect(simulator.charges().map((charge) => charge.refunded).sort()).toEqual([400, 500]);
  });

  it('given a charge that somebody refunded by hand, when a return is refunded, then it is refused and the promise is taken back', async () => {
    const orderId = await chargedOrder();
    const byHand = providerWith(provider, {
      createRefund: async (request, key) => {
        await provider.createRefund({ ...request, refundId: 'by-hand', amountMinor: 1250 }, 'by-hand');
        return provider.createRefund(request, key);
      },
    });
    await expect(paymentServices(byHand).returning.refund(step('return-4'), { returnId: 'return-4', parts: [part(orderId, 100)] })).rejects.toThrow(RefundExceedsChargeError);
    const [charge] = await database.dataSource.query('SELECT refunded_minor FROM payment.charge WHERE order_id = $1', [orderId]);
    expect(charge).toEqual({ refunded_minor: '0' });
  });

  it('given a partly returned order, when its charge is undone, then only the rest is refunded', async () => {
    const { returning, reversing } = paymentServices(provider);
    const orderId = await chargedOrder();
    await returning.refund(step('return-5'), { returnId: 'return-5', parts: [part(orderId, 250)] });
    expect(await reversing.reverse(step(`${orderId}/undo`), orderId)).toEqual({ refundedMinor: 1000 });
    expect(simulator.charges()).toMatchObject([{ amount: 1250, refunded: 1250 }]);
  });
});
