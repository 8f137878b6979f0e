import { randomUUID } from 'node:crypto';
import type { ChargePaymentInput } from '@backstitch/contracts';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { minorUnitsOf } from '../minor-units.js';
import { OrderAlreadyChargedError } from '../payment-errors.js';
import type { Charge, ChargeState } from './charge.js';

interface ChargeRow {
  charge_id: string;
  order_id: string;
  step_key: string;
  intent_id: string | null;
  amount_minor: string;
  currency: string;
  state: ChargeState;
  decline_code: string | null;
  refunded_minor: string;
  create_revision: number;
  confirm_revision: number;
}

const COLUMNS =
  'charge_id, order_id, step_key, intent_id, amount_minor, currency, state, decline_code, refunded_minor, create_revision, confirm_revision';
const UNIQUE_VIOLATION = '23505';

/** The table `charge`. */
@Injectable()
export class ChargeStore {
  async findByKey(manager: EntityManager, stepKey: string): Promise<Charge | undefined> {
    const rows: ChargeRow[] = await manager.query(`SELECT ${COLUMNS} FROM payment.charge WHERE step_key = $1`, [stepKey]);
    return rows[0] === undefined ? undefined : chargeOf(rows[0]);
  }

  /** The charges of these orders that money can be refunded from, locked, in an order of their own, so that two returns never wait for each other in a circle. */
  async lockConfirmed(manager: EntityManager, orderIds: readonly string[]): Promise<Charge[]> {
    const rows: ChargeRow[] = await manager.query(
      `SELECT ${COLUMNS} FROM payment.charge WHERE order_id = ANY($1) AND state = 'confirmed' ORDER BY charge_id FOR UPDATE`,
      [orderIds],
    );
    return rows.map(chargeOf);
  }

  /**
   * A new charge, or what is known of the key already, now with its intent.
   * @param intentId null while the creation is in doubt
   * @throws OrderAlreadyChargedError if the order has a live charge under another key
   */
  async record(manager: EntityManager, stepKey: string, input: ChargePaymentInput, intentId: string | null, createRevision: number): Promise<Charge> {
    try {
      const rows: ChargeRow[] = await manager.query(
        `INSERT INTO payment.charge (charge_id, order_id, step_key, intent_id, amount_minor, currency, state, create_revision)
         VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $4::text IS NULL THEN 'intended' ELSE 'created' END, $7)
         ON CONFLICT (step_key) DO UPDATE
           SET intent_id = EXCLUDED.intent_id, state = EXCLUDED.state, create_revision = EXCLUDED.create_revision, updated_at = now()
           WHERE charge.state = 'intended'
         RETURNING ${COLUMNS}`,
        [randomUUID(), input.orderId, stepKey, intentId, input.amountMinor, input.currency, createRevision],
      );
      const [row] = rows;
      if (row === undefined) throw new Error(`Charge "${stepKey}" has an intent already.`);
      return chargeOf(row);
    } catch (error) {
      if ((error as { driverError?: { code?: string; constraint?: string } }).driverError?.constraint !== 'charge_one_live_per_order') throw error;
      if ((error as { driverError: { code?: string } }).driverError.code !== UNIQUE_VIOLATION) throw error;
      throw new OrderAlreadyChargedError(input.orderId);
    }
  }

  async spendConfirmKey(manager: EntityManager, charge: Charge): Promise<void> {
    await manager.query(
      `UPDATE payment.charge SET confirm_revision = $2 + 1, updated_at = now() WHERE charge_id = $1 AND confirm_revision = $2`,
      [charge.chargeId, charge.confirmRevision],
    );
  }

  async markConfirmed(manager: EntityManager, charge: Charge): Promise<void> {
    await manager.query(
      `UPDATE payment.charge SET state = 'confirmed', confirmed_at = now(), updated_at = now() WHERE charge_id = $1 AND state = 'created'`,
      [charge.chargeId],
    );
  }

  async markDeclined(manager: EntityManager, charge: Charge, declineCode: string): Promise<void> {
    await manager.query(
      `UPDATE payment.charge SET state = 'declined', decline_code = $2, updated_at = now() WHERE charge_id = $1 AND state = 'created'`,
      [charge.chargeId, declineCode],
    );
  }

  /** Nothing was charged, and nothing will be. A decline stays one. */
  async markCancelled(manager: EntityManager, charge: Charge): Promise<void> {
    await manager.query(
      `UPDATE payment.charge SET state = 'cancelled', updated_at = now() WHERE charge_id = $1 AND state IN ('intended', 'created')`,
      [charge.chargeId],
    );
  }

  async markReversed(manager: EntityManager, charge: Charge): Promise<void> {
    await manager.query(`UPDATE payment.charge SET state = 'reversed', updated_at = now() WHERE charge_id = $1 AND state = 'confirmed'`, [
      charge.chargeId,
    ]);
  }

  /** The database refuses to promise more than was charged. A negative amount takes a promise back. */
  async promiseRefund(manager: EntityManager, chargeId: string, amountMinor: number): Promise<void> {
    await manager.query(`UPDATE payment.charge SET refunded_minor = refunded_minor + $2, updated_at = now() WHERE charge_id = $1`, [
      chargeId,
      amountMinor,
    ]);
  }
}

function chargeOf(row: ChargeRow): Charge {
  return {
    chargeId: row.charge_id,
    orderId: row.order_id,
    stepKey: row.step_key,
    intentId: row.intent_id,
    amountMinor: minorUnitsOf(row.amount_minor),
    currency: row.currency,
    state: row.state,
    declineCode: row.decline_code,
    refundedMinor: minorUnitsOf(row.refunded_minor),
    createRevision: row.create_revision,
    confirmRevision: row.confirm_revision,
  };
}
