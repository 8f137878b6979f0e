import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The migration that makes the table `inbox_retention`: for a service's list of migrations, beside that of the inbox.
 *
 * @param schema where; default: the first schema of the session's search path
 */
export function createInboxRetentionMigration(schema?: string): new () => MigrationInterface {
  return class CreateInboxRetention1700000000050 implements MigrationInterface {
    readonly name = 'CreateInboxRetention1700000000050';

    async up(queryRunner: QueryRunner): Promise<void> {
      const table = inboxRetentionTable(schema);
      await queryRunner.query(`
        CREATE TABLE ${table} (
          only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
          -- up to here the service has asked about its inbox
          asked_up_to_key text NOT NULL DEFAULT '',
          -- whoever moves this is the one instance that asks
          asked_at timestamptz NOT NULL DEFAULT '-infinity'
        ) WITH (fillfactor = 50)`);
      await queryRunner.query(`INSERT INTO ${table} DEFAULT VALUES`);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(`DROP TABLE ${inboxRetentionTable(schema)}`);
    }
  };
}

/** The quoted name of the table. */
export function inboxRetentionTable(schema: string | undefined): string {
  const quoted = schema === undefined ? '' : `"${schema.replaceAll('"', '""')}".`;
  return `${quoted}"inbox_retention"`;
}
