import type { UndoInput } from '@backstitch/workflow';
import type { BenchOrder } from '../order.js';

/** What each service offers. */
export interface StepActivities {
  runStep(order: BenchOrder): Promise<{ orderNumber: number }>;
}
export interface StepUndos {
  undoStep(undo: UndoInput<BenchOrder, { orderNumber: number }>): Promise<{ undone: boolean }>;
}
