import { Activities, Activity, undoneStep } from '@backstitch/activity';
import type { ChargePaymentInput, ChargePaymentResult, PaymentUndos as PaymentUndosContract } from '@backstitch/contracts';
import type { UndoInput } from '@backstitch/protocol';
import { Inject } from '@nestjs/common';
import { ReversalService } from '../refunds/reversal-service.js';
import { runStep } from './run-step.js';

/** The undo of this service's step, on a queue of its own. It looks at what this service recorded under the step's key, not at its argument. */
@Activities({ taskQueue: 'payment.compensation' })
export class PaymentUndos implements PaymentUndosContract {
  constructor(@Inject(ReversalService) private readonly reversals: ReversalService) {}

  @Activity({ mode: 'external' })
  async refundPayment(_undo: UndoInput<ChargePaymentInput, ChargePaymentResult>): Promise<{ refundedMinor: number }> {
    const { step: state, stepKey } = undoneStep();
    return state === 'absent' ? { refundedMinor: 0 } : runStep((step) => this.reversals.reverse(step, stepKey));
  }
}
