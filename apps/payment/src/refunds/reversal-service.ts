import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Charge } from '../charges/charge.js';
import { ChargeStore } from '../charges/charge-store.js';
import { PaymentMismatchError } from '../payment-errors.js';
import { PAYMENT_PROVIDER, type PaymentProvider, type ProviderIntent } from '../provider/payment-provider.js';
import { IntentStateError, ProviderDoubtError } from '../provider/provider-errors.js';
import type { StepScope } from '../step-scope.js';
import type { Refund } from './refund.js';
import { RefundSender } from './refund-sender.js';
import { RefundStore } from './refund-store.js';

/**
 * Undoes a charge, whatever is known of it. The provider is asked first: an intent that was not charged is cancelled, so that a confirmation
 * which is still under way cannot succeed any more; one that was charged is refunded, less what was refunded before.
 */
@Injectable()
export class ReversalService {
  constructor(
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
    @Inject(ChargeStore) private readonly charges: ChargeStore,
    @Inject(RefundStore) private readonly refunds: RefundStore,
    @Inject(RefundSender) private readonly sender: RefundSender,
  ) {}

  /**
   * @param stepKey key of the step that charged; it is under a tombstone, so that nobody charges any more
   * @throws ProviderError: another attempt goes on
   */
  async reverse(step: StepScope, stepKey: string): Promise<{ refundedMinor: number }> {
    const charge = await step.transaction((manager) => this.charges.findByKey(manager, stepKey));
    if (charge === undefined) return step.complete(async () => NOTHING_REFUNDED);
    // Without a committed id nobody can confirm the intent, should there be one.
    if (charge.intentId === null) return this.cancelled(step, charge);
    const intent = await this.close(charge.intentId);
    return intent.status === 'succeeded' ? this.refund(step, charge) : this.cancelled(step, charge);
  }

  /** Brings the intent to where it cannot be charged any more, or finds that it has been. */
  private async close(intentId: string): Promise<ProviderIntent> {
    const intent = await this.provider.retrieveIntent(intentId);
    switch (intent.status) {
      case 'succeeded':
      case 'cancelled':
        return intent;
      case 'processing':
        throw new ProviderDoubtError('cancel intent', 'the payment is processing');
      case 'unconfirmed':
      case 'declined':
        try {
          return await this.provider.cancelIntent(intentId);
        } catch (error) {
          if (!(error instanceof IntentStateError) && !(error instanceof ProviderDoubtError)) throw error;
          const now = await this.provider.retrieveIntent(intentId);
          if (now.status !== 'succeeded' && now.status !== 'cancelled') throw error;
          return now;
        }
      default:
        return intent.status satisfies never;
    }
  }

  private async cancelled(step: StepScope, charge: Charge): Promise<{ refundedMinor: number }> {
    return step.complete(async (manager) => {
      await this.charges.markCancelled(manager, charge);
      return NOTHING_REFUNDED;
    });
  }

  private async refund(step: StepScope, charge: Charge): Promise<{ refundedMinor: number }> {
    const { refund, isNew } = await step.transaction(async (manager) => {
      const known = await this.refunds.findReversal(manager, charge.chargeId);
      return known === undefined ? { refund: await this.reserve(manager, charge), isNew: true } : { refund: known, isNew: false };
    });
    if (refund === undefined || refund.state === 'refunded') {
      return step.complete(async (manager) => {
        await this.charges.markReversed(manager, charge);
        return { refundedMinor: refund?.amountMinor ?? 0 };
      });
    }
    const { providerRefundId } = await this.sender.send(step, refund, isNew);
    return step.complete(async (manager) => {
      await this.refunds.markRefunded(manager, refund, providerRefundId);
      await this.charges.markReversed(manager, charge);
      return { refundedMinor: refund.amountMinor };
    });
  }

  /** Promises what is left. A charge whose confirmation was in doubt is one from here on. */
  private async reserve(manager: EntityManager, charge: Charge): Promise<Refund | undefined> {
    await this.charges.markConfirmed(manager, charge);
    const [locked] = await this.charges.lockConfirmed(manager, [charge.orderId]);
    if (locked === undefined) throw new PaymentMismatchError(charge.orderId, charge.intentId!, `it was charged, but is recorded as ${charge.state}`);
    if (locked.amountMinor === locked.refundedMinor) return undefined;
    const amountMinor = locked.amountMinor - locked.refundedMinor;
    await this.charges.promiseRefund(manager, charge.chargeId, amountMinor);
    return this.refunds.insert(manager, {
      chargeId: charge.chargeId,
      intentId: charge.intentId!,
      orderId: charge.orderId,
      currency: charge.currency,
      kind: 'reversal',
      returnId: null,
      amountMinor,
    });
  }
}

const NOTHING_REFUNDED = { refundedMinor: 0 } as const;
