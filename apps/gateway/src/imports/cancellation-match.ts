import type { ReturnableLine, SoldLine } from '../returns/return-book.js';
import type { RejectionReason } from './rejection-reasons.js';

/** A line of a cancellation: so many pieces of a SKU come back. */
export interface CancelledLine {
  sku: string;
  quantity: number;
}

/** Of the cancellation's line with that index, so many pieces could not be matched. */
export interface UnmatchedLine {
  index: number;
  reason: Extract<RejectionReason, 'cancellation-without-sale' | 'cancellation-exceeds-sales'>;
  unmatched: number;
}

export interface CancellationMatch {
  taken: { line: SoldLine; quantity: number }[];
  unmatched: UnmatchedLine[];
}

/**
 * Matches a cancellation's lines by SKU to what is returnable of the customer's sales, newest sale first, across several if need be.
 * @param returnable newest sale first; `remaining` is lowered by what is taken
 */
export function matchCancellation(lines: readonly CancelledLine[], returnable: readonly ReturnableLine[]): CancellationMatch {
  const taken: CancellationMatch['taken'] = [];
  const unmatched: UnmatchedLine[] = [];
  lines.forEach((cancelled, index) => {
    let open = cancelled.quantity;
    for (const line of returnable) {
      if (open === 0) break;
      if (line.sku !== cancelled.sku || line.remaining === 0) continue;
      const quantity = Math.min(open, line.remaining);
      line.remaining -= quantity;
      open -= quantity;
      taken.push({ line, quantity });
    }
    if (open > 0) unmatched.push({ index, reason: open === cancelled.quantity ? 'cancellation-without-sale' : 'cancellation-exceeds-sales', unmatched: open });
  });
  return { taken, unmatched };
}
