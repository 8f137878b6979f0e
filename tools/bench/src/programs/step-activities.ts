import { Activities, Activity, activityInfo, ApplicationFailure, Context, createStepScope, sqlStatement, type SqlStatement } from '@backstitch/activity';
import type { UndoInput } from '@backstitch/protocol';
import { failsAtLastStep, STEP_SERVICES, type BenchOrder, type StepService } from '../order.js';

/** How steps meet the database: as one statement that may share a commit, as one by itself, or as an ordinary transactional handler. */
export const STEP_MODES = ['statement', 'statement-alone', 'transaction'] as const;
export type StepMode = (typeof STEP_MODES)[number];

const { runStep, runUndo } = createStepScope((error) => error);
const INSERT_UNDONE = 'INSERT INTO undone (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3)';
const INSERT_EFFECT = 'INSERT INTO effect (idempotency_key, order_number, amount_minor) VALUES ($1, $2, $3)';

/** The controllers of one service: its step and that step's undo, each with one insert of its own in its transaction. */
export function stepControllers(service: StepService, mode: StepMode) {
  const isLast = service === STEP_SERVICES.at(-1);

  /** The last step refuses every so many-th order. */
  function admit(order: BenchOrder): void {
    if (isLast && failsAtLastStep(order)) throw ApplicationFailure.nonRetryable('The order is refused.', 'Refused');
  }

  @Activities({ taskQueue: service })
  class TransactionalSteps {
    @Activity()
    runStep(order: BenchOrder): Promise<{ orderNumber: number }> {
      admit(order);
      return runStep(async (manager, key) => {
        await manager.query(INSERT_EFFECT, [key, order.orderNumber, order.amountMinor]);
        return { orderNumber: order.orderNumber };
      });
    }
  }

  @Activities({ taskQueue: service })
  class StatementSteps {
    @Activity({ mode: 'statement' })
    runStep(order: BenchOrder): SqlStatement<{ orderNumber: number }> {
      admit(order);
      return sqlStatement({
        text: INSERT_EFFECT,
        values: [activityInfo().key, order.orderNumber, order.amountMinor],
        result: { orderNumber: order.orderNumber },
        shareTransaction: mode === 'statement',
      });
    }
  }

  @Activities({ taskQueue: `${service}.compensation` })
  class TransactionalUndos {
    @Activity()
    undoStep({ input }: UndoInput<BenchOrder, { orderNumber: number }>): Promise<{ undone: boolean }> {
      return runUndo<{ undone: boolean }>({ undone: false }, async (manager) => {
        await manager.query(INSERT_UNDONE, [Context.current().info.key, input.orderNumber, input.amountMinor]);
        return { undone: true };
      });
    }
  }

  @Activities({ taskQueue: `${service}.compensation` })
  class StatementUndos {
    @Activity({ mode: 'statement' })
    undoStep({ input }: UndoInput<BenchOrder, { orderNumber: number }>): SqlStatement<{ undone: boolean }> | { undone: boolean } {
      const { key, undo } = activityInfo();
      if (undo?.step === 'absent') return { undone: false };
      return sqlStatement({
        text: INSERT_UNDONE,
        values: [key, input.orderNumber, input.amountMinor],
        result: { undone: true },
        shareTransaction: mode === 'statement',
      });
    }
  }

  return mode === 'transaction' ? [TransactionalSteps, TransactionalUndos] : [StatementSteps, StatementUndos];
}
