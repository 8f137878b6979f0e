import { Activities, Activity, parseInput } from '@backstitch/activity';
import type { FulfilmentUndos as FulfilmentUndosContract, ShipOrderInput, ShipOrderResult } from '@backstitch/contracts';
import type { UndoInput } from '@backstitch/protocol';
import { Inject } from '@nestjs/common';
import { ShipmentService } from '../shipments/shipment.service.js';
import { orderUndoSchema } from './activity-inputs.js';
import { runUndo } from './step-scope.js';

/** The undo of this service's step, on a queue of its own. */
@Activities({ taskQueue: 'fulfilment.compensation' })
export class FulfilmentUndos implements FulfilmentUndosContract {
  constructor(@Inject(ShipmentService) private readonly shipments: ShipmentService) {}

  @Activity()
  cancelShipment(undo: UndoInput<ShipOrderInput, ShipOrderResult>): Promise<{ cancelled: boolean }> {
    return runUndo({ cancelled: false }, async (manager, stepKey) => ({
      cancelled: await this.shipments.cancel(manager, stepKey, parseInput(orderUndoSchema, undo).input.orderId),
    }));
  }
}
