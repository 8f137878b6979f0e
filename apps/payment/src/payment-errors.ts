import { BUSINESS_FAILURE } from '@backstitch/contracts';

/** Base of the refusals of this service. `type` stands in the failure that the workflow sees; none is retried. */
export abstract class PaymentRefusal extends Error {
  abstract readonly type: string;
  abstract details(): Record<string, string | number>;
}

/** The card was declined, or the means of payment is not valid. */
export class PaymentDeclinedError extends PaymentRefusal {
  override readonly name = 'PaymentDeclinedError';
  readonly type = BUSINESS_FAILURE.paymentDeclined;
  constructor(
    readonly orderId: string,
    readonly declineCode: string,
  ) {
    super(`The payment of order "${orderId}" was declined: ${declineCode}.`);
  }
  details(): Record<string, string> {
    return { orderId: this.orderId, declineCode: this.declineCode };
  }
}

/** A return asks for more than is left of an order's charge. Nothing was refunded. */
export class RefundExceedsChargeError extends PaymentRefusal {
  override readonly name = 'RefundExceedsChargeError';
  readonly type = BUSINESS_FAILURE.refundExceedsCharge;
  constructor(
    readonly orderId: string,
    readonly requestedMinor: number,
    readonly refundableMinor: number,
    readonly currency: string,
  ) {
    super(`Order "${orderId}" has ${refundableMinor} ${currency} (minor units) left to refund, not ${requestedMinor}.`);
  }
  details(): Record<string, string | number> {
    return { orderId: this.orderId, requestedMinor: this.requestedMinor, refundableMinor: this.refundableMinor, currency: this.currency };
  }
}

/** The order has a live charge under another key. */
export class OrderAlreadyChargedError extends PaymentRefusal {
  override readonly name = 'OrderAlreadyChargedError';
  readonly type = 'OrderAlreadyCharged';
  constructor(readonly orderId: string) {
    super(`Order "${orderId}" has a charge under another key.`);
  }
  details(): Record<string, string> {
    return { orderId: this.orderId };
  }
}

/** What the provider holds is not what this service recorded: a person must look. */
export class PaymentMismatchError extends PaymentRefusal {
  override readonly name = 'PaymentMismatchError';
  readonly type = 'PaymentMismatch';
  constructor(
    readonly orderId: string,
    readonly intentId: string,
    readonly reason: string,
  ) {
    super(`Payment "${intentId}" of order "${orderId}" is not what was recorded: ${reason}.`);
  }
  details(): Record<string, string> {
    return { orderId: this.orderId, intentId: this.intentId, reason: this.reason };
  }
}
