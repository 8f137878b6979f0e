import { Activities, Activity, ApplicationFailure } from '@backstitch/activity';

@Activities({ taskQueue: 'payments' })
export class PaymentActivities {
  attempts = 0;

  @Activity({ mode: 'external' })
  async charge(card: string): Promise<string> {
    this.attempts += 1;
    // The business says no: trying again is of no use.
    if (card === 'declined') throw ApplicationFailure.nonRetryable('The card was declined', 'CardDeclined', { card });
    // The provider says when to come again.
    if (card === 'busy' && this.attempts < 2) throw ApplicationFailure.create({ message: 'Try later', type: 'RateLimited', nextRetryDelay: '10 minutes' });
    // Anything else is tried again by the retry policy.
    if (card === 'flaky' && this.attempts < 3) throw new Error('Connection reset');
    return `charged ${card}`;
  }
}
