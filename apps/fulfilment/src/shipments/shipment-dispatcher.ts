import { LOGGER, type Logger, queryRows } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CARRIER, type Carrier, type Consignment } from '../carrier/carrier.js';

/** How long one call to the carrier may take. */
const CARRIER_TIMEOUT_MS = 10_000;
/** A hand-over that has not ended after this long was left by a process that died. */
const ABANDONED_AFTER_MS = 60_000;
const BATCH_SIZE = 50;

/**
 * Hands registered shipments to the carrier. The carrier is outside our database, so (law L4): the intent is committed first (state dispatching,
 * from when on nobody can cancel), then the carrier is called with the shipment's id as its key, then the outcome is committed. A hand-over whose
 * outcome is in doubt is never taken back and never repeated blindly: the carrier is asked first.
 */
@Injectable()
export class ShipmentDispatcher {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CARRIER) private readonly carrier: Carrier,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Hands over one batch of what has been registered for at least `registeredForMs`, and what an earlier hand-over left in doubt.
   * A shipment whose call fails stays in doubt and is taken up by a later call.
   *
   * @returns how many are dispatched now
   */
  async dispatchDue(registeredForMs: number): Promise<number> {
    const due = await this.claim(registeredForMs);
    const outcomes = await Promise.allSettled(due.map((consignment) => this.dispatch(consignment)));
    let dispatched = 0;
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') dispatched += 1;
      else this.logger.warn({ err: outcome.reason as unknown, shipmentId: due[index]?.shipmentId }, 'the hand-over to the carrier is in doubt');
    }
    return dispatched;
  }

  /** Commits the intent. `claimed_at` keeps other replicas away while this one calls. */
  private claim(registeredForMs: number): Promise<Consignment[]> {
    return queryRows<Consignment>(
      this.dataSource.manager,
      `WITH due AS (
          SELECT order_id FROM shipment
          WHERE (state = 'registered' AND registered_at <= now() - $1 * interval '1 millisecond')
            OR (state = 'dispatching' AND claimed_at <= now() - $2 * interval '1 millisecond')
          ORDER BY registered_at LIMIT ${BATCH_SIZE} FOR NO KEY UPDATE SKIP LOCKED),
        claimed AS (
          UPDATE shipment SET state = 'dispatching', claimed_at = now() FROM due WHERE shipment.order_id = due.order_id
          RETURNING shipment.order_id, shipment_id, shipping_address)
      SELECT shipment_id AS "shipmentId", shipping_address ->> 'country' AS country,
        (SELECT sum(quantity)::int FROM shipment_line WHERE shipment_line.order_id = claimed.order_id) AS pieces
      FROM claimed`,
      [registeredForMs, ABANDONED_AFTER_MS],
    );
  }

  private async dispatch(consignment: Consignment): Promise<void> {
    const signal = AbortSignal.timeout(CARRIER_TIMEOUT_MS);
    const known = await this.carrier.find(consignment.shipmentId, signal);
    const { trackingNumber } = known ?? (await this.carrier.consign(consignment, signal));
    await this.dataSource.query(
      `UPDATE shipment SET state = 'dispatched', dispatched_at = now(), tracking_number = $2 WHERE shipment_id = $1 AND state = 'dispatching'`,
      [consignment.shipmentId, trackingNumber],
    );
  }
}
