import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator } from '@backstitch/stripe-simulator';
import { chargeInput, openPaymentDatabase, paymentServices, stepScope, stripeAt, untilSettled, type PaymentDatabase } from '../test/payment-harness.js';
import { PaymentDeclinedError, PaymentRefusal } from './payment-errors.js';

const ORDERS = 200;
const CONCURRENCY = 25;

let database: PaymentDatabase;
beforeAll(async () => {
  database = await openPaymentDatabase();
});
afterAll(() => database.close());

/** A number from 0 to 1 that the seed and the label decide. */
function draw(seed: number, label: string): number {
  let hash = seed | 0;
  for (const character of label) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/**
 * The provider keeps a key for a day at least, so that it may be forgotten between two attempts, and never while one is under way. Attempts run side
 * by side; a day passes when all of them have ended.
 */
class Days {
  private underWay = 0;
  private passing: Promise<void> | undefined;
  private onAtRest: () => void = () => undefined;

  constructor(private readonly forgetKeys: () => void) {}

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    while (this.passing !== undefined) await this.passing;
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.onAtRest();
    }
  }

  async pass(): Promise<void> {
    this.passing ??= this.passOnce();
    await this.passing;
  }

  private async passOnce(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>((resolve) => (this.onAtRest = resolve));
    this.forgetKeys();
    this.passing = undefined;
  }
}

describe('payment at a provider that fails at random', () => {
  it(`given ${ORDERS} orders, a fifth of them undone and a fifth returned, when every request may fail, then each effect happens exactly once`, async () => {
    const seed = Number(process.env['PAYMENT_FAULTS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    console.info(`PAYMENT_FAULTS_SEED=${seed}`);
    const simulator = await startStripeSimulator({ faultRate: 0.3, seed: String(seed), hangMs: 1_200, lateMs: 900 });
    const provider = stripeAt(simulator.url);
    const { charging, reversing, returning } = paymentServices(provider);
    const days = new Days(() => simulator.forgetKeys());
    const step = (key: string) => stepScope(database.dataSource, key);
    const isRefusal = (error: unknown) => error instanceof PaymentRefusal;
    const expected = new Map<string, { charged: number; refunded: number }>();

    async function runOrder(index: number): Promise<void> {
      const orderId = `random-${index}`;
      const amountMinor = 100 + index;
      const fate = draw(seed, orderId);
      const input = chargeInput(orderId, 'tok_visa', amountMinor);
      // Some are undone while nobody knows what became of the charge.
      const attemptsMax = fate < 0.1 ? 1 : 40;
      const outcome = await untilSettled(() => days.attempt(() => charging.charge(step(orderId), input)), isRefusal, attemptsMax).then(
        () => 'charged' as const,
        (error: unknown) => (error instanceof PaymentDeclinedError ? ('declined' as const) : ('unknown' as const)),
      );
      if (draw(seed, `forget ${orderId}`) < 0.2) await days.pass();
      if (fate < 0.2 || outcome !== 'charged') {
        await untilSettled(() => days.attempt(() => reversing.reverse(step(`${orderId}/undo`), orderId)), isRefusal);
        expected.set(orderId, { charged: 0, refunded: 0 });
      } else if (fate < 0.4) {
        const refundMinor = Math.floor(amountMinor / 2);
        const parts = [{ orderId, refundMinor, currency: 'GBP' }];
        await untilSettled(() => days.attempt(() => returning.refund(step(`${orderId}/return`), { returnId: `return-${index}`, parts })), isRefusal);
        expected.set(orderId, { charged: amountMinor, refunded: refundMinor });
      } else {
        expected.set(orderId, { charged: amountMinor, refunded: 0 });
      }
    }

    try {
      const indices = Array.from({ length: ORDERS }, (_, index) => index).values();
      await Promise.all(
        Array.from({ length: CONCURRENCY }, async () => {
          for (const index of indices) await runOrder(index);
        }),
      );

      const charges = new Map(simulator.charges().map((charge) => [charge.metadata['order_id'] ?? '', charge]));
      expect(charges.size).toBe(simulator.charges().length);
      const ledger = await database.ledger();
      for (const [orderId, want] of expected) {
        const held = charges.get(orderId) ?? { amount: 0, refunded: 0 };
        expect({ orderId, net: held.amount - held.refunded }).toEqual({ orderId, net: want.charged - want.refunded });
        const rows = ledger.filter((row) => row.order_id === orderId);
        const sum = (kind: string) => rows.filter((row) => row.kind === kind).reduce((total, row) => total + Number(row.amount_minor), 0);
        expect({ orderId, charged: sum('payment.charged'), given: sum('payment.reversed') + sum('payment.refunded') }).toEqual({
          orderId,
          charged: held.amount,
          given: held.refunded,
        });
      }
      expect(expected.size).toBe(ORDERS);
    } finally {
      provider.close();
      await simulator.close();
    }
  }, 180_000);
});
