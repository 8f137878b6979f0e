import { queryRows } from '@backstitch/service-kit';
import type { EntityManager } from 'typeorm';

export interface Balance {
  onHand: number;
  reserved: number;
}

/** What stands in the table of balances. */
export async function balances(manager: EntityManager): Promise<Record<string, Balance>> {
  const rows = await queryRows<{ sku: string; on_hand: string; reserved: string }>(manager, 'SELECT sku, on_hand, reserved FROM stock ORDER BY sku');
  return Object.fromEntries(rows.map((row) => [row.sku, { onHand: Number(row.on_hand), reserved: Number(row.reserved) }]));
}

/** What the movements add up to, told independently of the service. */
export async function balancesByLedger(manager: EntityManager): Promise<Record<string, Balance>> {
  const rows = await queryRows<{ sku: string; kind: string; quantity: string }>(
    manager,
    `SELECT sku, kind, sum(quantity) AS quantity FROM ledger WHERE kind LIKE 'stock.%' GROUP BY sku, kind ORDER BY sku`,
  );
  const totals: Record<string, Balance> = {};
  for (const { sku, kind, quantity } of rows) {
    const total = (totals[sku] ??= { onHand: 0, reserved: 0 });
    const pieces = Number(quantity);
    switch (kind) {
      case 'stock.received':
      case 'stock.returned':
        total.onHand += pieces;
        break;
      case 'stock.return-reverted':
        total.onHand -= pieces;
        break;
      case 'stock.reserved':
        total.reserved += pieces;
        break;
      case 'stock.released':
        total.reserved -= pieces;
        break;
      case 'stock.deducted':
        total.onHand -= pieces;
        total.reserved -= pieces;
        break;
      case 'stock.restored':
        total.onHand += pieces;
        total.reserved += pieces;
        break;
      default:
        throw new Error(`unknown kind ${kind}`);
    }
  }
  return totals;
}
