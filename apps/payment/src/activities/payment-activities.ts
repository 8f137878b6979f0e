import { Activities, Activity, parseInput } from '@backstitch/activity';
import type {
  ChargePaymentInput,
  ChargePaymentResult,
  PaymentActivities as PaymentActivitiesContract,
  RefundReturnInput,
} from '@backstitch/contracts';
import { Inject } from '@nestjs/common';
import { ChargeService } from '../charges/charge-service.js';
import { ReturnRefundService } from '../refunds/return-refund-service.js';
import { chargePaymentInputSchema, refundReturnInputSchema } from './activity-inputs.js';
import { runStep } from './run-step.js';

/** The steps of this service. Their effect is at the provider: each commits slice by slice. */
@Activities({ taskQueue: 'payment' })
export class PaymentActivities implements PaymentActivitiesContract {
  constructor(
    @Inject(ChargeService) private readonly charges: ChargeService,
    @Inject(ReturnRefundService) private readonly returns: ReturnRefundService,
  ) {}

  @Activity({ mode: 'external' })
  chargePayment(input: ChargePaymentInput): Promise<ChargePaymentResult> {
    return runStep((step) => this.charges.charge(step, parseInput(chargePaymentInputSchema, input)));
  }

  @Activity({ mode: 'external' })
  refundReturn(input: RefundReturnInput): Promise<{ refundIds: string[] }> {
    return runStep((step) => this.returns.refund(step, parseInput(refundReturnInputSchema, input)));
  }
}
