import { Inject, Injectable } from '@nestjs/common';
import { PAYMENT_PROVIDER, type PaymentProvider, type ProviderRefund } from '../provider/payment-provider.js';
import { ProviderDoubtError, ProviderKeyReusedError, ProviderRefusedError } from '../provider/provider-errors.js';
import type { StepScope } from '../step-scope.js';
import type { Refund } from './refund.js';
import { RefundStore } from './refund-store.js';

/**
 * Sends one reserved refund to the provider, at most once in effect: it carries our id as metadata, and whoever is not the first to send it
 * looks for that id among the intent's refunds before sending.
 *
 * A key is only given up once the provider has repeated its error for it: then the first request has certainly ended, so that what is
 * not in the list will not appear there later.
 */
@Injectable()
export class RefundSender {
  constructor(
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
    @Inject(RefundStore) private readonly refunds: RefundStore,
  ) {}

  /** @param isNew the refund was reserved by this very attempt: nobody can have sent it */
  async send(step: StepScope, refund: Refund, isNew: boolean): Promise<ProviderRefund> {
    if (!isNew) {
      const found = await this.provider.findRefund(refund.intentId, refund.refundId);
      if (found !== undefined) return found;
    }
    try {
      return await this.provider.createRefund(refund, `${refund.refundId}/${refund.revision}`);
    } catch (error) {
      const doubt = error instanceof ProviderDoubtError || error instanceof ProviderKeyReusedError || error instanceof ProviderRefusedError;
      if (!doubt) throw error;
      const found = await this.provider.findRefund(refund.intentId, refund.refundId);
      if (found !== undefined) return found;
      if (error instanceof ProviderKeyReusedError || (error instanceof ProviderDoubtError && error.keySpent && error.replayed)) {
        await step.transaction((manager) => this.refunds.spendKey(manager, refund));
      }
      throw error;
    }
  }
}
