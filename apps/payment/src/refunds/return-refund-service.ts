import type { RefundReturnInput } from '@backstitch/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ChargeStore } from '../charges/charge-store.js';
import { RefundExceedsChargeError } from '../payment-errors.js';
import { ProviderRefusedError, ProviderUnavailableError } from '../provider/provider-errors.js';
import type { StepScope } from '../step-scope.js';
import type { Refund } from './refund.js';
import { RefundSender } from './refund-sender.js';
import { RefundStore } from './refund-store.js';

interface Part {
  orderId: string;
  refundMinor: number;
  currency: string;
}

/**
 * Refunds the parts of a return. All parts are checked and promised in one transaction, before any money moves; then each is sent. From the first
 * one that has moved on there is only forward.
 */
@Injectable()
export class ReturnRefundService {
  constructor(
    @Inject(ChargeStore) private readonly charges: ChargeStore,
    @Inject(RefundStore) private readonly refunds: RefundStore,
    @Inject(RefundSender) private readonly sender: RefundSender,
  ) {}

  /**
   * @throws RefundExceedsChargeError for good, with no money moved
   * @throws ProviderError: another attempt goes on
   */
  async refund(step: StepScope, input: RefundReturnInput): Promise<{ refundIds: string[] }> {
    const { refunds, isNew } = await step.transaction(async (manager) => {
      const known = await this.refunds.findByReturn(manager, input.returnId);
      return known.length > 0 ? { refunds: known, isNew: false } : { refunds: await this.reserve(manager, input), isNew: true };
    });
    let moved = refunds.some((refund) => refund.state === 'refunded');
    for (const refund of refunds) {
      if (refund.state === 'refunded') continue;
      try {
        const { providerRefundId } = await this.sender.send(step, refund, isNew);
        moved = true;
        await step.transaction((manager) => this.refunds.markRefunded(manager, refund, providerRefundId));
      } catch (error) {
        if (!(error instanceof ProviderRefusedError)) throw error;
        if (!moved) throw await this.release(step, refunds, refund);
        // There is no way back any more: it is tried until a person has mended it at the provider.
        throw new ProviderUnavailableError(error.operation, `other parts are refunded already, and this one is refused: ${error.reason}`);
      }
    }
    return step.complete(async () => ({ refundIds: refunds.map((refund) => refund.refundId) }));
  }

  private async reserve(manager: EntityManager, input: RefundReturnInput): Promise<Refund[]> {
    const parts = sumByOrder(input.parts);
    const charges = await this.charges.lockConfirmed(manager, parts.map((part) => part.orderId));
    const refunds: Refund[] = [];
    for (const part of parts) {
      const charge = charges.find((each) => each.orderId === part.orderId && each.currency === part.currency);
      const refundableMinor = charge === undefined ? 0 : charge.amountMinor - charge.refundedMinor;
      if (charge?.intentId == null || part.refundMinor > refundableMinor) {
        throw new RefundExceedsChargeError(part.orderId, part.refundMinor, refundableMinor, part.currency);
      }
      await this.charges.promiseRefund(manager, charge.chargeId, part.refundMinor);
      refunds.push(
        await this.refunds.insert(manager, {
          chargeId: charge.chargeId,
          intentId: charge.intentId,
          orderId: charge.orderId,
          currency: charge.currency,
          kind: 'return',
          returnId: input.returnId,
          amountMinor: part.refundMinor,
        }),
      );
    }
    return refunds;
  }

  /** The provider knows of less than we do (somebody refunded by hand): every promise is taken back. */
  private async release(step: StepScope, refunds: Refund[], refused: Refund): Promise<RefundExceedsChargeError> {
    await step.transaction(async (manager) => {
      for (const refund of refunds.toSorted((a, b) => a.chargeId.localeCompare(b.chargeId))) {
        await this.charges.promiseRefund(manager, refund.chargeId, -refund.amountMinor);
        await this.refunds.markReleased(manager, refund);
      }
    });
    return new RefundExceedsChargeError(refused.orderId, refused.amountMinor, 0, refused.currency);
  }
}

/** One part an order and currency; parts of nothing are left out. */
function sumByOrder(parts: readonly Part[]): Part[] {
  const sums = new Map<string, Part>();
  for (const part of parts) {
    if (part.refundMinor === 0) continue;
    const key = `${part.currency} ${part.orderId}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { ...part });
    else sum.refundMinor += part.refundMinor;
  }
  return [...sums.values()];
}
