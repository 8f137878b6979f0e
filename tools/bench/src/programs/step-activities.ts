import { Activities, Activity, ApplicationFailure, Context, createStepScope } from '@backstitch/activity';
import type { UndoInput } from '@backstitch/protocol';
import { failsAtLastStep, STEP_SERVICES, type BenchOrder, type StepService } from '../order.js';

const { runStep, runUndo } = createStepScope((error) => error);

/** The controllers of one service: its step and that step's undo, each with one insert of its own in its transaction. */
export function stepControllers(service: StepService) {
  const isLast = service === STEP_SERVICES.at(-1);

  @Activities({ taskQueue: service })
  class StepActivities {
    @Activity()
    runStep(order: BenchOrder): Promise<{ orderNumber: number }> {
      if (isLast && failsAtLastStep(order)) throw ApplicationFailure.nonRetryable('The order is refused.', 'Refused');
      return runStep(async (manager, key) => {
        await manager.query('INSERT INTO effect (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3)', [key, order.orderNumber, order.amountMinor]);
        return { orderNumber: order.orderNumber };
      });
    }
  }

  @Activities({ taskQueue: `${service}.compensation` })
  class StepUndos {
    @Activity()
    undoStep({ input }: UndoInput<BenchOrder, { orderNumber: number }>): Promise<{ undone: boolean }> {
      return runUndo<{ undone: boolean }>({ undone: false }, async (manager) => {
        await manager.query('INSERT INTO undone (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3)', [
          Context.current().info.key,
          input.orderNumber,
          input.amountMinor,
        ]);
        return { undone: true };
      });
    }
  }

  return [StepActivities, StepUndos];
}
