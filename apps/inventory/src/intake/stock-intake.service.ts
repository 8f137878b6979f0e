import { LEDGER_KIND, type StockIntake } from '@backstitch/contracts';
import { queryRows } from '@backstitch/service-kit';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** SKUs in one statement. */
const CHUNK_SIZE = 1_000;

/** Makes SKUs known. Works in the transaction that it is given. */
@Injectable()
export class StockIntakeService {
  /** Adds SKUs that are not known with the stock they start with; known ones, and all but the first of a SKU that is listed twice, are left alone. */
  async receive(manager: EntityManager, { intakeId, items }: StockIntake): Promise<{ added: number; known: number }> {
    const quantityOf = new Map<string, number>();
    for (const item of items) if (!quantityOf.has(item.sku)) quantityOf.set(item.sku, item.quantity);
    // Every intake inserts in the same order, so that two with the same new SKUs wait for one another and never in a circle.
    const sorted = [...quantityOf].sort(([left], [right]) => (left < right ? -1 : 1));
    let added = 0;
    for (let start = 0; start < sorted.length; start += CHUNK_SIZE) {
      const chunk = sorted.slice(start, start + CHUNK_SIZE);
      const [row] = await queryRows<{ added: number }>(
        manager,
        `WITH made AS (
            INSERT INTO stock (sku, on_hand)
            SELECT sku, quantity FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS item (sku, quantity, place) ORDER BY place
            ON CONFLICT (sku) DO NOTHING RETURNING sku, on_hand),
          moved AS (
            INSERT INTO stock_movement (kind, reference, sku, quantity)
            SELECT '${LEDGER_KIND.stockReceived}', $1, sku, on_hand FROM made WHERE on_hand > 0)
        SELECT count(*)::int AS added FROM made`,
        [intakeId, chunk.map(([sku]) => sku), chunk.map(([, quantity]) => quantity)],
      );
      added += row?.added ?? 0;
    }
    return { added, known: items.length - added };
  }
}
