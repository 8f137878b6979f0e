import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Charges, refunds, and the ledger that the auditor reads. */
export class CreatePayment1763000000001 implements MigrationInterface {
  readonly name = 'CreatePayment1763000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE payment.charge (
        charge_id uuid PRIMARY KEY,
        order_id text NOT NULL,
        step_key text NOT NULL UNIQUE,
        intent_id text UNIQUE,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency char(3) NOT NULL,
        state text NOT NULL CHECK (state IN ('intended', 'created', 'confirmed', 'declined', 'cancelled', 'reversed')),
        decline_code text,
        refunded_minor bigint NOT NULL DEFAULT 0,
        create_revision integer NOT NULL DEFAULT 1,
        confirm_revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        confirmed_at timestamptz,
        CONSTRAINT refunds_within_charge CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor),
        CONSTRAINT nothing_refunded_uncharged CHECK (refunded_minor = 0 OR confirmed_at IS NOT NULL),
        CONSTRAINT intent_known CHECK (state IN ('intended', 'cancelled') OR intent_id IS NOT NULL)
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX charge_one_live_per_order ON payment.charge (order_id) WHERE state IN ('intended', 'created', 'confirmed')`,
    );
    await queryRunner.query(`
      CREATE TABLE payment.refund (
        refund_id uuid PRIMARY KEY,
        charge_id uuid NOT NULL REFERENCES payment.charge,
        kind text NOT NULL CHECK (kind IN ('return', 'reversal')),
        return_id text,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        state text NOT NULL CHECK (state IN ('reserved', 'refunded', 'released')),
        revision integer NOT NULL DEFAULT 1,
        provider_refund_id text UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(),
        refunded_at timestamptz,
        CONSTRAINT return_named CHECK ((kind = 'return') = (return_id IS NOT NULL))
      )`);
    await queryRunner.query(`CREATE UNIQUE INDEX refund_once_per_return ON payment.refund (return_id, charge_id) WHERE state <> 'released'`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX refund_one_reversal ON payment.refund (charge_id) WHERE kind = 'reversal' AND state <> 'released'`,
    );
    await queryRunner.query(`
      CREATE VIEW payment.ledger AS
        SELECT 'charge-' || charge_id AS entry_id, 'payment.charged' AS kind, order_id, NULL::text AS reference, NULL::text AS sku,
               NULL::bigint AS quantity, amount_minor, currency::text AS currency, confirmed_at AS recorded_at
          FROM payment.charge WHERE confirmed_at IS NOT NULL
        UNION ALL
        SELECT 'refund-' || r.refund_id, CASE r.kind WHEN 'reversal' THEN 'payment.reversed' ELSE 'payment.refunded' END, c.order_id, r.return_id,
               NULL, NULL, r.amount_minor, c.currency::text, r.refunded_at
          FROM payment.refund r JOIN payment.charge c USING (charge_id) WHERE r.state = 'refunded'`);
    await queryRunner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') THEN
          GRANT USAGE ON SCHEMA payment TO auditor;
          GRANT SELECT ON payment.ledger TO auditor;
        END IF;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP VIEW payment.ledger`);
    await queryRunner.query(`DROP TABLE payment.refund`);
    await queryRunner.query(`DROP TABLE payment.charge`);
  }
}
