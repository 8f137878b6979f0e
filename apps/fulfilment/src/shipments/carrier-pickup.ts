import { LOGGER, type Logger } from '@backstitch/service-kit';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ShipmentDispatcher } from './shipment-dispatcher.js';

/** Injection token: CARRIER_PICKUP_AFTER_MS, or undefined where the carrier never comes. */
export const CARRIER_PICKUP_AFTER_MS = Symbol('CARRIER_PICKUP_AFTER_MS');

const ROUND_MIN_MS = 1_000;
const ROUND_MAX_MS = 60_000;

/** The carrier's van: comes round as often as shipments must wait, within 1 s to 1 min, and takes what is due. Off unless it is configured. */
@Injectable()
export class CarrierPickup implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(ShipmentDispatcher) private readonly dispatcher: ShipmentDispatcher,
    @Inject(CARRIER_PICKUP_AFTER_MS) private readonly pickupAfterMs: number | undefined,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.pickupAfterMs !== undefined) this.schedule(this.pickupAfterMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private schedule(pickupAfterMs: number): void {
    if (this.stopped) return;
    const pauseMs = Math.min(Math.max(pickupAfterMs, ROUND_MIN_MS), ROUND_MAX_MS);
    this.timer = setTimeout(() => {
      this.round = this.pickUp(pickupAfterMs).finally(() => this.schedule(pickupAfterMs));
    }, pauseMs);
  }

  private async pickUp(pickupAfterMs: number): Promise<void> {
    try {
      while (!this.stopped && (await this.dispatcher.dispatchDue(pickupAfterMs)) > 0);
    } catch (error) {
      this.logger.error({ err: error }, 'the carrier’s pick-up failed; the next round tries again');
    }
  }
}
