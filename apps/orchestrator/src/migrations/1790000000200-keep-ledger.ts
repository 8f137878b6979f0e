import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keeps the books whole when closed runs are removed: the services' ledgers keep what was reserved, charged and shipped for good, so what became of each
 * order and return must stay too. The entries of removed runs move to a table, in the transaction of the removal and at no cost to anything else.
 *
 * An order whose entry is there has been judged for good: should its workflow id be started anew, the services refuse it, and the first entry stands.
 */
export class KeepLedger1790000000200 implements MigrationInterface {
  readonly name = 'KeepLedger1790000000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE orchestrator.ledger_of_removed (
        entry_id text PRIMARY KEY,
        kind text NOT NULL,
        order_id text NOT NULL,
        reference text NOT NULL,
        amount_minor bigint,
        currency text,
        recorded_at timestamptz NOT NULL
      )`);
    await queryRunner.query(`
      CREATE FUNCTION orchestrator.keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO orchestrator.ledger_of_removed (entry_id, kind, order_id, reference, amount_minor, currency, recorded_at)
        ${entriesOf('removed')}
        ON CONFLICT (entry_id) DO NOTHING;
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER execution_keep_ledger AFTER DELETE ON orchestrator.execution
      REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION orchestrator.keep_ledger()`);
    await queryRunner.query(`
      CREATE OR REPLACE VIEW orchestrator.ledger AS
        SELECT entry_id, kind, order_id, reference, NULL::text AS sku, NULL::bigint AS quantity, amount_minor, currency, recorded_at
          FROM orchestrator.ledger_of_removed
        UNION ALL
        SELECT entry_id, kind, order_id, reference, NULL::text, NULL::bigint, amount_minor, currency, recorded_at
          FROM (${entriesOf('orchestrator.execution')}) AS entry
         WHERE NOT EXISTS (SELECT 1 FROM orchestrator.ledger_of_removed AS earlier WHERE earlier.entry_id = entry.entry_id)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER execution_keep_ledger ON orchestrator.execution`);
    await queryRunner.query(`DROP FUNCTION orchestrator.keep_ledger()`);
    await queryRunner.query(`
      CREATE OR REPLACE VIEW orchestrator.ledger AS
        SELECT entry_id, kind, order_id, reference, NULL::text AS sku, NULL::bigint AS quantity, amount_minor, currency, recorded_at
          FROM (${entriesOf('orchestrator.execution')}) AS entry`);
    await queryRunner.query(`DROP TABLE orchestrator.ledger_of_removed`);
  }
}

function entriesOf(executions: string): string {
  return `SELECT workflow_id AS entry_id,
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
               (search_attributes -> 'AmountMinor' ->> 0)::bigint AS amount_minor,
               search_attributes -> 'Currency' ->> 0 AS currency,
               to_timestamp(coalesce(closed_at_ms, started_at_ms) / 1000.0) AS recorded_at
          FROM ${executions}
         WHERE workflow_type IN ('orderWorkflow', 'returnWorkflow')`;
}
