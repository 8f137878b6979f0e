import { createInboxMigration } from '@backstitch/activity';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the steps and undos of both systems leave, the same for both. */
class CreateEffects1790000000100 implements MigrationInterface {
  name = 'CreateEffects1790000000100';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['effect', 'undone', 'raw_effect', 'raw_undone']) {
      await runner.query(`CREATE TABLE ${table} (idempotency_key text PRIMARY KEY, order_number bigint NOT NULL, amount_minor bigint NOT NULL)`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE effect, undone, raw_effect, raw_undone');
  }
}

export const migrations = [createInboxMigration(), CreateEffects1790000000100];
