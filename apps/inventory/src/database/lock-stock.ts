import { queryRows } from '@backstitch/service-kit';
import type { EntityManager } from 'typeorm';

/**
 * Locks the stock rows of these SKUs until the transaction ends and tells how many pieces of each are free. SKUs without a row are left out.
 *
 * Every change of stock goes through here first and takes the locks in the SKUs' byte order, so that no two transactions can wait for each other,
 * however their lines are ordered. Rows of reservations are locked before, never after, those of stock.
 */
export async function lockStock(manager: EntityManager, skus: readonly string[]): Promise<Map<string, number>> {
  const rows = await queryRows<{ sku: string; available: string }>(
    manager,
    'SELECT sku, on_hand - reserved AS available FROM stock WHERE sku = ANY($1) ORDER BY sku FOR NO KEY UPDATE',
    [skus],
  );
  return new Map(rows.map((row) => [row.sku, Number(row.available)]));
}
