import { createTestDatabase } from '@backstitch/servers';
import { createDataSource, migrate } from '@backstitch/service-kit';
import type { ChargePaymentInput } from '@backstitch/contracts';
import type { DataSource } from 'typeorm';
import { ChargeService } from '../src/charges/charge-service.js';
import { ChargeStore } from '../src/charges/charge-store.js';
import { CreatePayment1763000000001 } from '../src/migrations/1763000000001-create-payment.js';
import type { PaymentProvider } from '../src/provider/payment-provider.js';
import { StripePaymentProvider } from '../src/provider/stripe-payment-provider.js';
import { RefundSender } from '../src/refunds/refund-sender.js';
import { RefundStore } from '../src/refunds/refund-store.js';
import { ReturnRefundService } from '../src/refunds/return-refund-service.js';
import { ReversalService } from '../src/refunds/reversal-service.js';
import type { StepScope } from '../src/step-scope.js';

export interface LedgerRow {
  kind: string;
  order_id: string;
  reference: string | null;
  amount_minor: string;
  currency: string;
}

export interface PaymentDatabase {
  dataSource: DataSource;
  ledger(): Promise<LedgerRow[]>;
  close(): Promise<void>;
}

/** The schema `payment` in a database of its own. */
export async function openPaymentDatabase(): Promise<PaymentDatabase> {
  const database = await createTestDatabase('payment');
  const dataSource = createDataSource({ url: database.url, schema: 'payment', migrations: [CreatePayment1763000000001], poolMax: 8 });
  await dataSource.initialize();
  await dataSource.query('CREATE SCHEMA IF NOT EXISTS payment');
  await migrate(dataSource);
  return {
    dataSource,
    ledger: () => dataSource.query('SELECT kind, order_id, reference, amount_minor, currency FROM payment.ledger ORDER BY kind, order_id, amount_minor'),
    close: async () => {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** A step without queue and inbox: what it commits, it commits. */
export function stepScope(dataSource: DataSource, key: string, startedBefore = true): StepScope {
  return {
    key,
    startedBefore,
    transaction: (work) => dataSource.transaction(work),
    complete: (work) => dataSource.transaction(work),
  };
}

export function stripeAt(url: string, timeoutMs = 600): StripePaymentProvider {
  return new StripePaymentProvider({ apiKey: 'sk_test_simulator', apiBase: url, timeoutMs });
}

/** The provider with some calls replaced. */
export function providerWith(inner: PaymentProvider, replaced: Partial<PaymentProvider>): PaymentProvider {
  return {
    createIntent: (request, key) => inner.createIntent(request, key),
    confirmIntent: (intentId, key) => inner.confirmIntent(intentId, key),
    retrieveIntent: (intentId) => inner.retrieveIntent(intentId),
    cancelIntent: (intentId) => inner.cancelIntent(intentId),
    createRefund: (request, key) => inner.createRefund(request, key),
    findRefund: (intentId, refundId) => inner.findRefund(intentId, refundId),
    ...replaced,
  };
}

/** The services of payment over one provider. */
export function paymentServices(provider: PaymentProvider) {
  const charges = new ChargeStore();
  const refunds = new RefundStore();
  const sender = new RefundSender(provider, refunds);
  return {
    charging: new ChargeService(provider, charges),
    reversing: new ReversalService(provider, charges, refunds, sender),
    returning: new ReturnRefundService(charges, refunds, sender),
  };
}

export function chargeInput(orderId: string, paymentToken = 'tok_visa', amountMinor = 1250): ChargePaymentInput {
  return { orderId, amountMinor, currency: 'GBP', paymentToken };
}

/** What the engine does: attempts until one succeeds or a refusal ends them. */
export async function untilSettled<T>(attempt: () => Promise<T>, isFinal: (error: unknown) => boolean, attemptsMax = 1_000): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (isFinal(error) || count === attemptsMax) throw error;
    }
  }
}
