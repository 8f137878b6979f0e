import type { ChargePaymentInput, ChargePaymentResult } from '@backstitch/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { OrderAlreadyChargedError, PaymentDeclinedError, PaymentMismatchError } from '../payment-errors.js';
import { PAYMENT_PROVIDER, type PaymentProvider, type ProviderIntent } from '../provider/payment-provider.js';
import { IntentStateError, PaymentMethodRefusedError, ProviderDoubtError, ProviderKeyReusedError } from '../provider/provider-errors.js';
import type { StepScope } from '../step-scope.js';
import type { Charge } from './charge.js';
import { ChargeStore } from './charge-store.js';

/**
 * Charges an order at most once.
 *
 * An intent is created unconfirmed, which moves no money; its id is committed; then it is confirmed, and the provider confirms an intent at most
 * once. Whoever finds an id (another delivery, another attempt) asks the provider how it stands before sending anything. So a forgotten
 * idempotency key costs at most an intent that nobody confirms, and a stored 500 costs the key, which has a next revision.
 */
@Injectable()
export class ChargeService {
  constructor(
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
    @Inject(ChargeStore) private readonly charges: ChargeStore,
  ) {}

  /**
   * @throws PaymentDeclinedError, OrderAlreadyChargedError, PaymentMismatchError: for good
   * @throws ProviderError: another attempt finds out, or goes on
   */
  async charge(step: StepScope, input: ChargePaymentInput): Promise<ChargePaymentResult> {
    const known = step.startedBefore ? await step.transaction((manager) => this.charges.findByKey(manager, step.key)) : undefined;
    if (known?.intentId == null) {
      const created = await this.create(step, input, known);
      return this.confirm(step, created);
    }
    switch (known.state) {
      case 'declined':
        throw new PaymentDeclinedError(known.orderId, known.declineCode ?? 'unknown');
      case 'cancelled':
      case 'reversed':
        throw new PaymentMismatchError(known.orderId, known.intentId, `the charge is ${known.state}`);
      case 'confirmed':
        return step.complete(async () => ({ chargeId: known.chargeId }));
      case 'intended':
      case 'created': {
        const intent = await this.provider.retrieveIntent(known.intentId);
        return intent.status === 'unconfirmed' ? this.confirm(step, known) : this.settle(step, known, intent);
      }
      default:
        return known.state satisfies never;
    }
  }

  private async create(step: StepScope, input: ChargePaymentInput, known: Charge | undefined): Promise<Charge> {
    const revision = known?.createRevision ?? 1;
    let intent: ProviderIntent;
    try {
      intent = await this.provider.createIntent(input, `${step.key}/create/${revision}`);
    } catch (error) {
      if (error instanceof PaymentMethodRefusedError) throw new PaymentDeclinedError(input.orderId, error.declineCode);
      const spent = error instanceof ProviderKeyReusedError || (error instanceof ProviderDoubtError && error.keySpent);
      if (spent) await step.transaction((manager) => this.charges.record(manager, step.key, input, null, revision + 1));
      throw error;
    }
    try {
      return await step.transaction((manager) => this.charges.record(manager, step.key, input, intent.intentId, revision));
    } catch (error) {
      // Nobody will confirm this intent. Tidying up may fail: it costs nothing.
      if (error instanceof OrderAlreadyChargedError) await this.provider.cancelIntent(intent.intentId).catch(() => undefined);
      throw error;
    }
  }

  private async confirm(step: StepScope, charge: Charge): Promise<ChargePaymentResult> {
    const intentId = charge.intentId!;
    let intent: ProviderIntent;
    try {
      intent = await this.provider.confirmIntent(intentId, `${step.key}/confirm/${charge.confirmRevision}`);
    } catch (error) {
      const reused = error instanceof ProviderKeyReusedError;
      if (!reused && !(error instanceof ProviderDoubtError) && !(error instanceof IntentStateError)) throw error;
      if (reused || (error instanceof ProviderDoubtError && error.keySpent)) {
        await step.transaction((manager) => this.charges.spendConfirmKey(manager, charge));
      }
      intent = await this.provider.retrieveIntent(intentId);
      // Not charged as far as anyone knows; the next attempt asks again before it confirms.
      if (intent.status === 'unconfirmed') throw error;
    }
    return this.settle(step, charge, intent);
  }

  private async settle(step: StepScope, charge: Charge, intent: ProviderIntent): Promise<ChargePaymentResult> {
    if (intent.amountMinor !== charge.amountMinor || intent.currency !== charge.currency) {
      throw new PaymentMismatchError(charge.orderId, intent.intentId, `it is over ${intent.amountMinor} ${intent.currency}`);
    }
    switch (intent.status) {
      case 'succeeded':
        return step.complete(async (manager) => {
          await this.charges.markConfirmed(manager, charge);
          return { chargeId: charge.chargeId };
        });
      case 'declined':
      case 'cancelled': {
        const declineCode = intent.declineCode ?? (intent.status === 'cancelled' ? 'intent_cancelled' : 'declined');
        await step.transaction((manager) => this.charges.markDeclined(manager, charge, declineCode));
        throw new PaymentDeclinedError(charge.orderId, declineCode);
      }
      case 'processing':
      case 'unconfirmed':
        throw new ProviderDoubtError('confirm intent', `the payment is ${intent.status}`);
      default:
        return intent.status satisfies never;
    }
  }
}
