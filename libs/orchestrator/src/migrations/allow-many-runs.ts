import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Many runs of one workflow id, one of them current; where each comes from and what followed it; and what it waits for from other runs. The new columns do
 * not change with an ordinary run's appends, and the new indexes are partial over them: an update that was heap-only stays so.
 */
export class AllowManyRuns1790000000400 implements MigrationInterface {
  readonly name = 'AllowManyRuns1790000000400';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) {
      await queryRunner.query(statement);
    }
  }
}

const UP = [
  `ALTER TABLE ${SCHEMA}.execution
     ADD COLUMN is_current boolean NOT NULL DEFAULT true,
     ADD COLUMN open_calls integer NOT NULL DEFAULT 0,
     ADD COLUMN parent_workflow_id text,
     ADD COLUMN root_workflow_id text,
     ADD COLUMN first_run_id uuid,
     ADD COLUMN replaced_by uuid,
     DROP CONSTRAINT execution_status_check,
     ADD CONSTRAINT execution_status_check CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW'))`,
  `CREATE UNIQUE INDEX execution_current ON ${SCHEMA}.execution (workflow_id) WHERE is_current`,
  `ALTER TABLE ${SCHEMA}.execution DROP CONSTRAINT execution_workflow_id_unique`,
  `CREATE INDEX execution_earlier ON ${SCHEMA}.execution (workflow_id) WHERE NOT is_current`,
  `CREATE INDEX execution_open_calls ON ${SCHEMA}.execution (partition, run_id) WHERE open_calls > 0`,
  `CREATE INDEX execution_parent ON ${SCHEMA}.execution (parent_workflow_id, started_at_ms DESC, run_id DESC) WHERE parent_workflow_id IS NOT NULL`,
  `CREATE INDEX execution_root ON ${SCHEMA}.execution (root_workflow_id, started_at_ms DESC, run_id DESC) WHERE root_workflow_id IS NOT NULL`,
];

/** Earlier runs of an id cannot be kept without the columns. */
const DOWN = [
  `DELETE FROM ${SCHEMA}.history h USING ${SCHEMA}.execution e WHERE h.run_id = e.run_id AND NOT e.is_current`,
  `DELETE FROM ${SCHEMA}.attempt a USING ${SCHEMA}.execution e WHERE a.run_id = e.run_id AND NOT e.is_current`,
  `DELETE FROM ${SCHEMA}.incident i USING ${SCHEMA}.execution e WHERE i.run_id = e.run_id AND NOT e.is_current`,
  `DELETE FROM ${SCHEMA}.execution WHERE NOT is_current`,
  `DROP INDEX ${SCHEMA}.execution_root, ${SCHEMA}.execution_parent, ${SCHEMA}.execution_open_calls, ${SCHEMA}.execution_earlier, ${SCHEMA}.execution_current`,
  `ALTER TABLE ${SCHEMA}.execution
     ADD CONSTRAINT execution_workflow_id_unique UNIQUE (workflow_id),
     DROP CONSTRAINT execution_status_check,
     ADD CONSTRAINT execution_status_check CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED')) NOT VALID,
     DROP COLUMN replaced_by, DROP COLUMN first_run_id, DROP COLUMN root_workflow_id, DROP COLUMN parent_workflow_id, DROP COLUMN open_calls, DROP COLUMN is_current`,
];
