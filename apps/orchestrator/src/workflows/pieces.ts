/** One line for each SKU: an order may hold a SKU at several prices, stock knows pieces only. */
export function piecesBySku(lines: readonly { sku: string; quantity: number }[]): { sku: string; quantity: number }[] {
  const pieces = new Map<string, number>();
  for (const { sku, quantity } of lines) pieces.set(sku, (pieces.get(sku) ?? 0) + quantity);
  return [...pieces].map(([sku, quantity]) => ({ sku, quantity }));
}
