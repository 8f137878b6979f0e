import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { minorUnitsOf } from '../minor-units.js';
import type { Refund, RefundKind, RefundState } from './refund.js';

interface RefundRow {
  refund_id: string;
  charge_id: string;
  intent_id: string;
  order_id: string;
  currency: string;
  kind: RefundKind;
  return_id: string | null;
  amount_minor: string;
  state: RefundState;
  revision: number;
}

const SELECT = `SELECT r.refund_id, r.charge_id, c.intent_id, c.order_id, c.currency, r.kind, r.return_id, r.amount_minor, r.state, r.revision
                FROM payment.refund r JOIN payment.charge c USING (charge_id)`;

/** The table `refund`. */
@Injectable()
export class RefundStore {
  async findByReturn(manager: EntityManager, returnId: string): Promise<Refund[]> {
    const rows: RefundRow[] = await manager.query(`${SELECT} WHERE r.return_id = $1 AND r.state <> 'released' ORDER BY r.refund_id`, [returnId]);
    return rows.map(refundOf);
  }

  async findReversal(manager: EntityManager, chargeId: string): Promise<Refund | undefined> {
    const rows: RefundRow[] = await manager.query(`${SELECT} WHERE r.charge_id = $1 AND r.kind = 'reversal' AND r.state <> 'released'`, [chargeId]);
    return rows[0] === undefined ? undefined : refundOf(rows[0]);
  }

  async insert(manager: EntityManager, refund: Omit<Refund, 'refundId' | 'state' | 'revision'>): Promise<Refund> {
    const refundId = randomUUID();
    await manager.query(
      `INSERT INTO payment.refund (refund_id, charge_id, kind, return_id, amount_minor, state) VALUES ($1, $2, $3, $4, $5, 'reserved')`,
      [refundId, refund.chargeId, refund.kind, refund.returnId, refund.amountMinor],
    );
    return { ...refund, refundId, state: 'reserved', revision: 1 };
  }

  async markRefunded(manager: EntityManager, refund: Refund, providerRefundId: string): Promise<void> {
    await manager.query(
      `UPDATE payment.refund SET state = 'refunded', provider_refund_id = $2, refunded_at = now() WHERE refund_id = $1 AND state = 'reserved'`,
      [refund.refundId, providerRefundId],
    );
  }

  async markReleased(manager: EntityManager, refund: Refund): Promise<void> {
    await manager.query(`UPDATE payment.refund SET state = 'released' WHERE refund_id = $1 AND state = 'reserved'`, [refund.refundId]);
  }

  async spendKey(manager: EntityManager, refund: Refund): Promise<void> {
    await manager.query(`UPDATE payment.refund SET revision = $2 + 1 WHERE refund_id = $1 AND revision = $2`, [refund.refundId, refund.revision]);
  }
}

function refundOf(row: RefundRow): Refund {
  return {
    refundId: row.refund_id,
    chargeId: row.charge_id,
    intentId: row.intent_id,
    orderId: row.order_id,
    currency: row.currency,
    kind: row.kind,
    returnId: row.return_id,
    amountMinor: minorUnitsOf(row.amount_minor),
    state: row.state,
    revision: row.revision,
  };
}
