import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/** The task queue that a run was started with, where it is another one than `default` (NULL): so that runs can be listed by it. Closed runs of before count as `default`. */
export class AddTaskQueues1790000000460 implements MigrationInterface {
  readonly name = 'AddTaskQueues1790000000460';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution ADD COLUMN task_queue text`);
    await queryRunner.query(`UPDATE ${SCHEMA}.execution e SET task_queue = h.events -> 0 -> 'attributes' ->> 'taskQueue'
      FROM ${SCHEMA}.history h
      WHERE e.status = 'RUNNING' AND h.run_id = e.run_id AND h.first_event_id = 1 AND h.events -> 0 -> 'attributes' ->> 'taskQueue' <> 'default'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE ${SCHEMA}.execution DROP COLUMN task_queue`);
  }
}
