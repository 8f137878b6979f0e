import { Activities, Activity, parseInput } from '@backstitch/activity';
import type { FulfilmentActivities as FulfilmentActivitiesContract, ShipOrderInput, ShipOrderResult } from '@backstitch/contracts';
import { Inject } from '@nestjs/common';
import { ShipmentService } from '../shipments/shipment.service.js';
import { shipOrderInputSchema } from './activity-inputs.js';
import { runStep } from './step-scope.js';

/** The step of this service: one transaction with its inbox row, since shipping only registers (see ShipmentService). */
@Activities({ taskQueue: 'fulfilment' })
export class FulfilmentActivities implements FulfilmentActivitiesContract {
  constructor(@Inject(ShipmentService) private readonly shipments: ShipmentService) {}

  @Activity()
  shipOrder(input: ShipOrderInput): Promise<ShipOrderResult> {
    return runStep((manager, key) => this.shipments.ship(manager, key, parseInput(shipOrderInputSchema, input)));
  }
}
