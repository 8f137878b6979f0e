import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Finds the runs whose time of retention is over. Partial, and over columns that change only when a run closes or an incident opens, when the row moves in
 * other indexes anyway: no update that was heap-only before stops being so, and a run costs one entry, at its close.
 */
export class IndexClosedRuns1790000000070 implements MigrationInterface {
  readonly name = 'IndexClosedRuns1790000000070';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE INDEX execution_closed ON ${SCHEMA}.execution (closed_at_ms) WHERE closed_at_ms IS NOT NULL AND open_incidents = 0`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX ${SCHEMA}.execution_closed`);
  }
}
