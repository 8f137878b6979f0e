import { LEDGER_KIND } from '@backstitch/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Shipments, one an order, with their lines; and the view that the auditor reads. */
export class CreateShipment1790000000100 implements MigrationInterface {
  name = 'CreateShipment1790000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE shipment (
        order_id text COLLATE "C" PRIMARY KEY,
        shipment_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
        state text NOT NULL CHECK (state IN ('registered', 'dispatching', 'dispatched', 'cancelled')),
        shipped_by text NOT NULL,
        shipping_address jsonb NOT NULL,
        tracking_number text,
        registered_at timestamptz NOT NULL DEFAULT now(),
        claimed_at timestamptz,
        dispatched_at timestamptz,
        cancelled_at timestamptz,
        CHECK (state NOT IN ('dispatching', 'dispatched') OR claimed_at IS NOT NULL),
        CHECK ((state = 'dispatched') = (dispatched_at IS NOT NULL)),
        CHECK ((state = 'dispatched') = (tracking_number IS NOT NULL)),
        CONSTRAINT shipment_never_both CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL))
      ) WITH (fillfactor = 80)`);
    await runner.query(`COMMENT ON COLUMN shipment.shipped_by IS 'key of the step that shipped; only its undo cancels'`);
    await runner.query(`COMMENT ON COLUMN shipment.claimed_at IS 'when the latest hand-over to the carrier began'`);
    await runner.query(`CREATE INDEX shipment_waiting ON shipment (registered_at) WHERE state IN ('registered', 'dispatching')`);
    await runner.query(`
      CREATE TABLE shipment_line (
        order_id text COLLATE "C" NOT NULL,
        sku text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (order_id, sku)
      )`);
    await runner.query(`
      CREATE VIEW ledger (entry_id, kind, order_id, reference, sku, quantity, amount_minor, currency, recorded_at) AS
        SELECT 'shipped/' || order_id || '/' || sku, '${LEDGER_KIND.shipmentShipped}', order_id, NULL::text, sku, quantity, NULL::bigint, NULL::text, registered_at
        FROM shipment JOIN shipment_line USING (order_id)
        UNION ALL
        SELECT 'cancelled/' || order_id || '/' || sku, '${LEDGER_KIND.shipmentCancelled}', order_id, NULL, sku, quantity, NULL, NULL, cancelled_at
        FROM shipment JOIN shipment_line USING (order_id) WHERE state = 'cancelled'`);
    await runner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') THEN
          EXECUTE format('GRANT USAGE ON SCHEMA %I TO auditor', current_schema());
          GRANT SELECT ON ledger TO auditor;
        END IF;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW ledger');
    await runner.query('DROP TABLE shipment_line, shipment');
  }
}
