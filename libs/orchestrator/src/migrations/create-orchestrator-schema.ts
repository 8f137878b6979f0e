import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SCHEMA } from '../store/schema.js';

/**
 * Tables of the engine. Times are milliseconds since the epoch as the engine's clock tells them, and name their unit; leases are timed by
 * the database's clock alone, since all replicas must agree on it.
 */
export class CreateOrchestratorSchema1790000000000 implements MigrationInterface {
  readonly name = 'CreateOrchestratorSchema1790000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // CREATE SCHEMA IF NOT EXISTS asks for a right on the database even where the schema exists, so look first.
    const existing: unknown[] = await queryRunner.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [SCHEMA]);
    if (existing.length === 0) {
      await queryRunner.query(`CREATE SCHEMA ${SCHEMA}`);
    }
    for (const statement of STATEMENTS) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `DROP TABLE ${SCHEMA}.incident, ${SCHEMA}.attempt, ${SCHEMA}.history, ${SCHEMA}.execution, ${SCHEMA}.partition_lease, ${SCHEMA}.replica`,
    );
  }
}

const STATEMENTS = [
  // The fill factor leaves room for heap-only updates: most appends change no indexed column.
  `CREATE TABLE ${SCHEMA}.execution (
     run_id uuid PRIMARY KEY,
     workflow_id text NOT NULL,
     workflow_type text NOT NULL,
     partition smallint NOT NULL,
     status text NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED')),
     started_at_ms bigint NOT NULL,
     closed_at_ms bigint,
     next_event_id integer NOT NULL,
     history_size_bytes bigint NOT NULL,
     wake_at_ms bigint,
     open_activities integer NOT NULL,
     open_incidents integer NOT NULL,
     request_fingerprint text NOT NULL,
     search_attributes jsonb NOT NULL,
     memo json NOT NULL,
     result json,
     failure json,
     updated_at timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT execution_workflow_id_unique UNIQUE (workflow_id)
   ) WITH (fillfactor = 80)`,
  `CREATE INDEX execution_wake ON ${SCHEMA}.execution (wake_at_ms, run_id) INCLUDE (partition) WHERE status = 'RUNNING' AND wake_at_ms IS NOT NULL`,
  `CREATE INDEX execution_open_activities ON ${SCHEMA}.execution (partition, run_id) WHERE open_activities > 0`,
  `CREATE INDEX execution_open_incidents ON ${SCHEMA}.execution (started_at_ms DESC, run_id DESC) WHERE open_incidents > 0`,
  `CREATE INDEX execution_listing ON ${SCHEMA}.execution (started_at_ms DESC, run_id DESC)`,
  `CREATE INDEX execution_running ON ${SCHEMA}.execution (started_at_ms DESC, run_id DESC) WHERE status = 'RUNNING'`,
  // One row is one append. `json`, not `jsonb`: it keeps every string that JSON can carry, and nothing looks inside.
  `CREATE TABLE ${SCHEMA}.history (
     run_id uuid NOT NULL,
     first_event_id integer NOT NULL,
     last_event_id integer NOT NULL,
     events json NOT NULL,
     PRIMARY KEY (run_id, first_event_id),
     CHECK (last_event_id >= first_event_id)
   )`,
  `CREATE TABLE ${SCHEMA}.attempt (
     run_id uuid NOT NULL,
     scheduled_event_id integer NOT NULL,
     record json NOT NULL,
     PRIMARY KEY (run_id, scheduled_event_id)
   )`,
  `CREATE TABLE ${SCHEMA}.incident (
     run_id uuid NOT NULL,
     incident_number integer NOT NULL,
     kind text NOT NULL,
     opened_at_ms bigint NOT NULL,
     is_open boolean NOT NULL,
     incident json NOT NULL,
     PRIMARY KEY (run_id, incident_number)
   )`,
  `CREATE INDEX incident_open ON ${SCHEMA}.incident (opened_at_ms, run_id, incident_number) WHERE is_open`,
  `CREATE TABLE ${SCHEMA}.partition_lease (
     partition smallint PRIMARY KEY,
     replica_id text,
     expires_at timestamptz
   ) WITH (fillfactor = 50)`,
  `CREATE TABLE ${SCHEMA}.replica (
     replica_id text PRIMARY KEY,
     expires_at timestamptz NOT NULL
   ) WITH (fillfactor = 50)`,
];
