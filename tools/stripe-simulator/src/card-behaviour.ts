import type { Fault } from './fault.js';

/** What a card does when its intent is confirmed. */
export interface CardBehaviour {
  /** Refused, with this `decline_code`. */
  declineCode?: string;
  /** What goes wrong, once, on the first request of that kind for an intent with this card. */
  fault?: { on: 'create' | 'confirm' | 'refund'; fault: Fault };
}

const BEHAVIOURS: Readonly<Record<string, CardBehaviour>> = {
  visa: {},
  mastercard: {},
  amex: {},
  chargeDeclined: { declineCode: 'generic_decline' },
  chargeDeclinedInsufficientFunds: { declineCode: 'insufficient_funds' },
  chargeDeclinedExpiredCard: { declineCode: 'expired_card' },
  timeoutBeforeCharge: { fault: { on: 'confirm', fault: 'hang_before' } },
  timeoutAfterCharge: { fault: { on: 'confirm', fault: 'hang_after' } },
  chargeAfterTimeout: { fault: { on: 'confirm', fault: 'late' } },
  dropAfterCharge: { fault: { on: 'confirm', fault: 'drop_after' } },
  '500': { fault: { on: 'confirm', fault: 'error_before' } },
  '500AfterCharge': { fault: { on: 'confirm', fault: 'error_after' } },
  '429': { fault: { on: 'confirm', fault: 'rate_limit' } },
  timeoutOnCreate: { fault: { on: 'create', fault: 'hang_after' } },
  '500OnCreate': { fault: { on: 'create', fault: 'error_before' } },
  timeoutAfterRefund: { fault: { on: 'refund', fault: 'hang_after' } },
  '500OnRefund': { fault: { on: 'refund', fault: 'error_before' } },
  '500AfterRefund': { fault: { on: 'refund', fault: 'error_after' } },
};

/** Every card that the simulator knows, by the part of its token behind `tok_` or `pm_card_`. */
export const CARD_NAMES: readonly string[] = Object.keys(BEHAVIOURS);

/**
 * How the card behind a token or a payment method behaves: `tok_visa` and `pm_card_visa` are one card.
 * @returns undefined for a token that the simulator does not know
 */
export function cardBehaviour(token: string): CardBehaviour | undefined {
  const name = /^(?:tok_|pm_card_(?:visa_)?)(\w+)$/.exec(token)?.[1];
  return name === undefined || !Object.hasOwn(BEHAVIOURS, name) ? undefined : BEHAVIOURS[name];
}
