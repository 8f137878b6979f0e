import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Storage only; nothing is rewritten, pages and rows that are new follow it.
 *
 * `execution`: a batch updates most rows of a page in one transaction, and an update that finds no room on its page pays for an entry in every index.
 * `history`: an append of a step is about 2 kB, where Postgres begins to compress; compressing costs more than writing it.
 */
export class LeaveRoomForUpdates1790000000200 implements MigrationInterface {
  readonly name = 'LeaveRoomForUpdates1790000000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution SET (fillfactor = 50)`);
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.history SET (toast_tuple_target = 4080)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.history RESET (toast_tuple_target)`);
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution SET (fillfactor = 80)`);
  }
}
