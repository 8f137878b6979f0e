import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the auditor sees of the orchestrator: one row an order and one a return, with what became of it and its amount. Amounts come from
 * the search attributes that the gateway sets at the start.
 */
export class CreateLedger1790000000100 implements MigrationInterface {
  readonly name = 'CreateLedger1790000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE VIEW orchestrator.ledger AS
        SELECT workflow_id AS entry_id,
               CASE workflow_type WHEN 'orderWorkflow' THEN 'order' ELSE 'return' END AS kind,
               CASE workflow_type WHEN 'orderWorkflow' THEN regexp_replace(workflow_id, '^order-', '')
                                  ELSE regexp_replace(workflow_id, '^return-', '') END AS order_id,
               CASE status
                 WHEN 'RUNNING' THEN 'running'
                 WHEN 'CANCELED' THEN 'cancelled'
                 WHEN 'COMPLETED' THEN
                   CASE WHEN coalesce(search_attributes -> 'OrderStatus' ->> 0, search_attributes -> 'ReturnStatus' ->> 0) = 'compensated'
                        THEN 'compensated' ELSE 'completed' END
                 ELSE 'failed'
               END AS reference,
               NULL::text AS sku,
               NULL::bigint AS quantity,
               (search_attributes -> 'AmountMinor' ->> 0)::bigint AS amount_minor,
               search_attributes -> 'Currency' ->> 0 AS currency,
               to_timestamp(coalesce(closed_at_ms, started_at_ms) / 1000.0) AS recorded_at
          FROM orchestrator.execution
         WHERE workflow_type IN ('orderWorkflow', 'returnWorkflow')`);
    await queryRunner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'auditor') THEN
          GRANT USAGE ON SCHEMA orchestrator TO auditor;
          GRANT SELECT ON orchestrator.ledger TO auditor;
        END IF;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP VIEW orchestrator.ledger`);
  }
}
