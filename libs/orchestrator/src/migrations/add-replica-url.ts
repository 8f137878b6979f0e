import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** Where the other replicas reach a replica; NULL: nowhere. */
export class AddReplicaUrl1790000000300 implements MigrationInterface {
  readonly name = 'AddReplicaUrl1790000000300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.replica ADD COLUMN url text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.replica DROP COLUMN url`);
  }
}
