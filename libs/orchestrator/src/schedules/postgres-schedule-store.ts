import type { ScheduleStore, StoredSchedule } from '@backstitch/engine/schedules';
import type { JsonObject, ScheduleDefinition, ScheduleProgress, SearchAttributes } from '@backstitch/protocol';
import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';

interface ScheduleRow {
  schedule_id: string;
  partition: number;
  version: number;
  definition: string;
  progress: string;
  memo: string;
  search_attributes: string;
  wake_at_ms: string | null;
  created_at_ms: string;
  updated_at_ms: string | null;
}

const COLUMNS = `s.schedule_id, s.partition, s.version, s.definition::text AS definition, s.progress::text AS progress, s.memo::text AS memo,
  s.search_attributes::text AS search_attributes, s.wake_at_ms, s.created_at_ms, s.updated_at_ms`;

/** Schedules in Postgres. */
export class PostgresScheduleStore implements ScheduleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(schedule: StoredSchedule): Promise<boolean> {
    const rows = await this.#database.query<{ schedule_id: string }>({
      text: `INSERT INTO ${SCHEMA}.schedule (schedule_id, version, definition, progress, memo, search_attributes, wake_at_ms, updated_at_ms, partition, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING schedule_id`,
      values: [...changingValues(schedule), schedule.partition, Math.floor(schedule.createdAtMs)],
    });
    return rows.length === 1;
  }

  async save(schedule: StoredSchedule): Promise<boolean> {
    const rows = await this.#database.query<{ version: number }>({
      name: 'backstitch_save_schedule',
      text: `UPDATE ${SCHEMA}.schedule SET version = version + 1, definition = $3, progress = $4, memo = $5, search_attributes = $6, wake_at_ms = $7, updated_at_ms = $8
        WHERE schedule_id = $1 AND version = $2 RETURNING version`,
      values: changingValues(schedule),
    });
    return rows.length === 1;
  }

  async load(scheduleId: string): Promise<StoredSchedule | undefined> {
    const [row] = await this.#database.query<ScheduleRow>({ name: 'backstitch_load_schedule', text: `SELECT ${COLUMNS} FROM ${SCHEMA}.schedule s WHERE s.schedule_id = $1`, values: [scheduleId] });
    return row === undefined ? undefined : toSchedule(row);
  }

  async list(afterId: string | undefined, limit: number): Promise<StoredSchedule[]> {
    const rows = await this.#database.query<ScheduleRow>({
      text: `SELECT ${COLUMNS} FROM ${SCHEMA}.schedule s WHERE $1::text IS NULL OR s.schedule_id > $1 ORDER BY s.schedule_id LIMIT $2`,
      values: [afterId ?? null, limit],
    });
    return rows.map(toSchedule);
  }

  async delete(scheduleId: string): Promise<boolean> {
    const rows = await this.#database.query<{ version: number }>({ text: `DELETE FROM ${SCHEMA}.schedule WHERE schedule_id = $1 RETURNING version`, values: [scheduleId] });
    return rows.length === 1;
  }

  async earliestWakeAtMs(partitions: readonly number[]): Promise<number | undefined> {
    const [row] = await this.#database.query<{ wake_at_ms: string }>({
      name: 'backstitch_earliest_schedule',
      text: `SELECT s.wake_at_ms FROM ${SCHEMA}.schedule s WHERE s.wake_at_ms IS NOT NULL AND s.partition = ANY ($1::smallint[]) ORDER BY s.wake_at_ms LIMIT 1`,
      values: [partitions],
    });
    return row === undefined ? undefined : Number(row.wake_at_ms);
  }

  async due(partitions: readonly number[], nowMs: number, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ schedule_id: string }>({
      name: 'backstitch_due_schedules',
      text: `SELECT s.schedule_id FROM ${SCHEMA}.schedule s WHERE s.wake_at_ms <= $2 AND s.partition = ANY ($1::smallint[]) ORDER BY s.wake_at_ms, s.schedule_id LIMIT $3`,
      values: [partitions, Math.floor(nowMs), limit],
    });
    return rows.map(({ schedule_id }) => schedule_id);
  }
}

function changingValues({ scheduleId, version, definition, progress, memo, searchAttributes, wakeAtMs, updatedAtMs }: StoredSchedule): unknown[] {
  return [
    scheduleId,
    version,
    JSON.stringify(definition),
    JSON.stringify(progress),
    JSON.stringify(memo),
    JSON.stringify(searchAttributes),
    wakeAtMs === undefined ? null : Math.floor(wakeAtMs),
    updatedAtMs === undefined ? null : Math.floor(updatedAtMs),
  ];
}

function toSchedule(row: ScheduleRow): StoredSchedule {
  return {
    scheduleId: row.schedule_id,
    partition: row.partition,
    version: row.version,
    definition: JSON.parse(row.definition) as ScheduleDefinition,
    progress: JSON.parse(row.progress) as ScheduleProgress,
    memo: JSON.parse(row.memo) as JsonObject,
    searchAttributes: JSON.parse(row.search_attributes) as SearchAttributes,
    wakeAtMs: row.wake_at_ms === null ? undefined : Number(row.wake_at_ms),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: row.updated_at_ms === null ? undefined : Number(row.updated_at_ms),
  };
}
