import type { DataSource } from 'typeorm';
import { inboxTable } from '../inbox/create-inbox-migration.js';
import { inboxRetentionTable } from './create-inbox-retention-migration.js';

/** A row of the inbox on the way through it. */
export interface InboxKey {
  key: string;
  isOld: boolean;
}

/** What retention reads and removes of the inbox. */
export class InboxRows {
  private readonly inbox: string;
  private readonly state: string;

  constructor(
    private readonly dataSource: DataSource,
    schema: string | undefined,
  ) {
    this.inbox = inboxTable(schema);
    this.state = inboxRetentionTable(schema);
  }

  /** Makes the caller the one that asks now, unless somebody did within `intervalMs`. @returns up to which key was asked before */
  async claim(intervalMs: number): Promise<string | undefined> {
    const [row] = await this.rows<{ key: string }>(
      `WITH claimed AS (UPDATE ${this.state} SET asked_at = now() WHERE asked_at <= now() - $1 * interval '1 millisecond' RETURNING asked_up_to_key)
       SELECT asked_up_to_key AS key FROM claimed`,
      [intervalMs],
    );
    return row?.key;
  }

  /** Remembers how far was asked, and that somebody is at it. */
  async askedUpTo(key: string): Promise<void> {
    await this.rows(`UPDATE ${this.state} SET asked_up_to_key = $1, asked_at = now()`, [key]);
  }

  /** The next rows between two keys, in order of key. */
  async page(afterKey: string, beforeKey: string, createdUntilMs: number, limit: number): Promise<InboxKey[]> {
    return this.rows<InboxKey>(
      `SELECT key, created_at <= to_timestamp($3::double precision / 1000) AS "isOld" FROM ${this.inbox}
       WHERE key > $1 AND key < $2 ORDER BY key LIMIT $4`,
      [afterKey, beforeKey, createdUntilMs, limit],
    );
  }

  /** Removes those of the rows that are old enough; one that somebody is at is left. @returns how many */
  async remove(keys: readonly string[], createdUntilMs: number): Promise<number> {
    const [row] = await this.rows<{ removed: number }>(
      `WITH due AS MATERIALIZED (
         SELECT key FROM ${this.inbox} WHERE key = ANY ($1::text[]) AND created_at <= to_timestamp($2::double precision / 1000) FOR UPDATE SKIP LOCKED
       ), removed AS (
         DELETE FROM ${this.inbox} AS gone USING due WHERE gone.key = due.key RETURNING gone.key
       )
       SELECT count(*)::integer AS removed FROM removed`,
      [keys, createdUntilMs],
    );
    return row?.removed ?? 0;
  }

  private async rows<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    const result: unknown = await this.dataSource.query(sql, parameters);
    return result as Row[];
  }
}
