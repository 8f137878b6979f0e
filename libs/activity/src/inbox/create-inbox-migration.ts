import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The migration that makes the table `inbox`: for a service's list of migrations.
 *
 * @param schema where; default: the first schema of the session's search path
 */
export function createInboxMigration(schema?: string): new () => MigrationInterface {
  return class CreateInbox1700000000000 implements MigrationInterface {
    readonly name = 'CreateInbox1700000000000';

    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(`
        CREATE TABLE ${inboxTable(schema)} (
          key text PRIMARY KEY,
          activity_type text NOT NULL,
          -- SHA-256 of the canonical input; null where there is a tombstone and no step
          input_hash bytea,
          state text NOT NULL CHECK (state IN ('absent', 'started', 'completed')),
          result jsonb,
          checkpoint jsonb,
          -- the tombstone: since then the step is refused
          undone_at timestamptz,
          created_at timestamptz NOT NULL DEFAULT now(),
          completed_at timestamptz
        )`);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(`DROP TABLE ${inboxTable(schema)}`);
    }
  };
}

export const INBOX_TABLE = 'inbox';

/** The quoted name of the table. */
export function inboxTable(schema: string | undefined): string {
  const quoted = schema === undefined ? '' : `"${schema.replaceAll('"', '""')}".`;
  return `${quoted}"${INBOX_TABLE}"`;
}
