import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** The task queue that a run was started with, where it is another one than `default` (NULL): so that runs can be listed by it. */
export class AddTaskQueues1790000000460 implements MigrationInterface {
  readonly name = 'AddTaskQueues1790000000460';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution ADD COLUMN task_queue text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution DROP COLUMN task_queue`);
  }
}
