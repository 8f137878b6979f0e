import { Activities, Activity, parseInput } from '@backstitch/activity';
import type {
  DeductStockInput,
  DeductStockResult,
  InventoryActivities as InventoryActivitiesContract,
  ReceiveReturnInput,
  ReserveStockInput,
  ReserveStockResult,
  StockIntake,
} from '@backstitch/contracts';
import { Inject } from '@nestjs/common';
import { StockIntakeService } from '../intake/stock-intake.service.js';
import { ReservationService } from '../reservations/reservation.service.js';
import { ReturnService } from '../returns/return.service.js';
import { deductStockInputSchema, receiveReturnInputSchema, reserveStockInputSchema, stockIntakeSchema } from './activity-inputs.js';
import { runStep } from './step-scope.js';

/** The steps of this service. Each is one transaction with its inbox row. */
@Activities({ taskQueue: 'inventory' })
export class InventoryActivities implements InventoryActivitiesContract {
  constructor(
    @Inject(ReservationService) private readonly reservations: ReservationService,
    @Inject(ReturnService) private readonly returns: ReturnService,
    @Inject(StockIntakeService) private readonly intake: StockIntakeService,
  ) {}

  @Activity()
  reserveStock(input: ReserveStockInput): Promise<ReserveStockResult> {
    return runStep((manager, key) => this.reservations.reserve(manager, key, parseInput(reserveStockInputSchema, input)));
  }

  @Activity()
  deductStock(input: DeductStockInput): Promise<DeductStockResult> {
    return runStep((manager, key) => this.reservations.deduct(manager, key, parseInput(deductStockInputSchema, input).orderId));
  }

  @Activity()
  receiveReturn(input: ReceiveReturnInput): Promise<{ returnId: string }> {
    return runStep((manager, key) => this.returns.receive(manager, key, parseInput(receiveReturnInputSchema, input)));
  }

  @Activity()
  receiveStock(input: StockIntake): Promise<{ added: number; known: number }> {
    return runStep((manager) => this.intake.receive(manager, parseInput(stockIntakeSchema, input)));
  }
}
