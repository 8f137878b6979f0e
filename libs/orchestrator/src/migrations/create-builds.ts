import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Builds of the workflows' code: which there are, which is current, which one a replica runs, and which one a run is pinned to (NULL: none). A run's build
 * never changes, so an update that was heap-only stays so.
 */
export class CreateBuilds1790000000440 implements MigrationInterface {
  readonly name = 'CreateBuilds1790000000440';

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
  `CREATE TABLE ${SCHEMA}.build (
     build_id text PRIMARY KEY,
     first_seen_at timestamptz NOT NULL DEFAULT now(),
     last_seen_at timestamptz NOT NULL DEFAULT now(),
     ranked_at timestamptz NOT NULL DEFAULT now(),
     is_set boolean NOT NULL DEFAULT false
   )`,
  `ALTER TABLE ${SCHEMA}.replica ADD COLUMN build_id text`,
  `ALTER TABLE ${SCHEMA}.execution ADD COLUMN build_id text`,
  `CREATE INDEX execution_pinned ON ${SCHEMA}.execution (build_id) WHERE build_id IS NOT NULL AND status = 'RUNNING'`,
];

const DOWN = [
  `DROP INDEX ${SCHEMA}.execution_pinned`,
  `ALTER TABLE ${SCHEMA}.execution DROP COLUMN build_id`,
  `ALTER TABLE ${SCHEMA}.replica DROP COLUMN build_id`,
  `DROP TABLE ${SCHEMA}.build`,
];
