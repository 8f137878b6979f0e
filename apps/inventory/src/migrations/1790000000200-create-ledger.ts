import { LEDGER_KIND } from '@backstitch/contracts';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The view that the auditor reads: every movement, and the balances that they should add up to. */
export class CreateLedger1790000000200 implements MigrationInterface {
  name = 'CreateLedger1790000000200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE VIEW ledger (entry_id, kind, order_id, reference, sku, quantity, amount_minor, currency, recorded_at) AS
        SELECT 'movement/' || movement_id, kind, order_id, reference, sku, quantity, NULL::bigint, NULL::text, recorded_at FROM stock_movement
        UNION ALL
        SELECT 'on-hand/' || sku, '${LEDGER_KIND.balanceOnHand}', NULL, NULL, sku, on_hand, NULL, NULL, now() FROM stock
        UNION ALL
        SELECT 'reserved/' || sku, '${LEDGER_KIND.balanceReserved}', NULL, NULL, sku, reserved, NULL, NULL, now() FROM stock`);
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
  }
}
