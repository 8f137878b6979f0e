import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** What a replica found out about a run and what is no part of its history: drift, and the details that its code has set. Few runs have a row. */
export class CreateRunNotes1790000000450 implements MigrationInterface {
  readonly name = 'CreateRunNotes1790000000450';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE ${SCHEMA}.run_note (
      run_id uuid PRIMARY KEY,
      drift json,
      drift_build_id text,
      current_details text
    )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE ${SCHEMA}.run_note`);
  }
}
