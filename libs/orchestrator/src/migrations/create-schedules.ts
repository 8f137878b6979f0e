import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** Schedules: what was asked for, and how far each has come. `version` is the fence of both. */
export class CreateSchedules1790000000410 implements MigrationInterface {
  readonly name = 'CreateSchedules1790000000410';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE ${SCHEMA}.schedule (
      schedule_id text PRIMARY KEY,
      partition smallint NOT NULL,
      version integer NOT NULL,
      definition json NOT NULL,
      progress json NOT NULL,
      memo json NOT NULL,
      search_attributes json NOT NULL,
      wake_at_ms bigint,
      created_at_ms bigint NOT NULL,
      updated_at_ms bigint
    ) WITH (fillfactor = 50)`);
    await queryRunner.query(`CREATE INDEX schedule_wake ON ${SCHEMA}.schedule (wake_at_ms, schedule_id) INCLUDE (partition) WHERE wake_at_ms IS NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE ${SCHEMA}.schedule`);
  }
}
