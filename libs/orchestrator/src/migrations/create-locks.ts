import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** Requests for named locks, in order of asking. The first one of a name that was not released holds it. One that was released stays, so that it is never granted again. */
export class CreateLocks1790000000420 implements MigrationInterface {
  readonly name = 'CreateLocks1790000000420';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE ${SCHEMA}.lock_request (
      key text PRIMARY KEY,
      ordinal bigint GENERATED ALWAYS AS IDENTITY,
      lock_name text NOT NULL,
      run_id uuid NOT NULL,
      workflow_id text NOT NULL,
      job json,
      is_released boolean NOT NULL DEFAULT false,
      requested_at_ms bigint NOT NULL,
      granted_at_ms bigint
    )`);
    await queryRunner.query(`CREATE INDEX lock_request_waiting ON ${SCHEMA}.lock_request (lock_name, ordinal) WHERE NOT is_released`);
    await queryRunner.query(`CREATE INDEX lock_request_run ON ${SCHEMA}.lock_request (run_id)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE ${SCHEMA}.lock_request`);
  }
}
