import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Task queues of the runs that are open already; closed runs of before count as `default`. Apart from the migration that adds the column, whose lock on the whole table would be held while
 * the histories are read: orders go on meanwhile, and only the runs that are changed are locked.
 */
export class FillTaskQueues1790000000470 implements MigrationInterface {
  readonly name = 'FillTaskQueues1790000000470';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE ${SCHEMA}.execution e SET task_queue = h.events -> 0 -> 'attributes' ->> 'taskQueue'
      FROM ${SCHEMA}.history h
      WHERE e.status = 'RUNNING' AND e.task_queue IS NULL AND h.run_id = e.run_id AND h.first_event_id = 1 AND h.events -> 0 -> 'attributes' ->> 'taskQueue' <> 'default'`);
  }

  async down(): Promise<void> {
    // The column goes with the migration that added it.
  }
}
