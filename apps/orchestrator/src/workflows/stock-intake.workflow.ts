import type { StockIntake } from '@backstitch/contracts';
import { inventory } from './activities.js';

/** Makes SKUs known with their first stock; those that are known keep theirs. */
export async function stockIntakeWorkflow(intake: StockIntake): Promise<{ added: number; known: number }> {
  return inventory.receiveStock(intake);
}
