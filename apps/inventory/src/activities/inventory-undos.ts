import { Activities, Activity, parseInput } from '@backstitch/activity';
import type { DeductStockInput, DeductStockResult, InventoryUndos as InventoryUndosContract, ReceiveReturnInput, ReserveStockInput, ReserveStockResult } from '@backstitch/contracts';
import type { UndoInput } from '@backstitch/protocol';
import { Inject } from '@nestjs/common';
import { ReservationService } from '../reservations/reservation.service.js';
import { ReturnService } from '../returns/return.service.js';
import { orderUndoSchema, returnUndoSchema } from './activity-inputs.js';
import { runUndo } from './step-scope.js';

/** The undos of this service's steps, on a queue of their own. Each takes back what the step of its key did, and nothing else. */
@Activities({ taskQueue: 'inventory.compensation' })
export class InventoryUndos implements InventoryUndosContract {
  constructor(
    @Inject(ReservationService) private readonly reservations: ReservationService,
    @Inject(ReturnService) private readonly returns: ReturnService,
  ) {}

  @Activity()
  releaseStock(undo: UndoInput<ReserveStockInput, ReserveStockResult>): Promise<{ released: boolean }> {
    return runUndo({ released: false }, async (manager, stepKey) => ({
      released: await this.reservations.release(manager, stepKey, parseInput(orderUndoSchema, undo).input.orderId),
    }));
  }

  @Activity()
  restoreStock(undo: UndoInput<DeductStockInput, DeductStockResult>): Promise<{ restored: boolean }> {
    return runUndo({ restored: false }, async (manager, stepKey) => ({
      restored: await this.reservations.restore(manager, stepKey, parseInput(orderUndoSchema, undo).input.orderId),
    }));
  }

  @Activity()
  revertReturn(undo: UndoInput<ReceiveReturnInput, { returnId: string }>): Promise<{ reverted: boolean }> {
    return runUndo({ reverted: false }, async (manager, stepKey) => ({
      reverted: await this.returns.revert(manager, stepKey, parseInput(returnUndoSchema, undo).input.returnId),
    }));
  }
}
