import { createHash } from 'node:crypto';
import type { SearchAttributeDefinitions, SearchAttributeType } from '@backstitch/protocol';
import type { DataSource } from 'typeorm';
import { SCHEMA } from './schema.js';

/** A value longer than this is kept but not indexed, and cannot be searched for: an index entry must fit a page. */
export const SEARCHABLE_VALUE_BYTES_MAX = 1_000;

/** Any fixed number: replicas that start at once make indexes one after the other. */
const ADVISORY_LOCK = 4_702_111_234;

/**
 * The SQL expression that an attribute is searched by. It is of type `jsonb`, which compares numbers as numbers, texts as texts and truth
 * values as such; so no cast can fail on a stray value, and ISO times in UTC sort as they should.
 */
export function attributeExpression(attribute: string): string {
  return `(e.search_attributes -> ${quoteLiteral(attribute)} -> 0)`;
}

/** Must stand in a query for the attribute's index to be used; also keeps runs without the attribute out of the index. */
export function attributeIndexCondition(attribute: string): string {
  return `octet_length(e.search_attributes -> ${quoteLiteral(attribute)} ->> 0) <= ${SEARCHABLE_VALUE_BYTES_MAX}`;
}

/** The SQL expression of a whole list: NULL where a run has not got it. Its index finds each value of it, by `@>`. */
export function listExpression(attribute: string): string {
  return `(e.search_attributes -> ${quoteLiteral(attribute)})`;
}

/**
 * Makes the index of each declared attribute that has none yet. Indexes of attributes that are no longer declared stay.
 * A new index blocks writers while it is built.
 * @returns names of the indexes that were made
 */
export async function ensureSearchAttributeIndexes(dataSource: DataSource, definitions: SearchAttributeDefinitions): Promise<string[]> {
  const missing = await missingIndexes(dataSource, definitions);
  if (missing.length === 0) {
    return [];
  }
  return dataSource.transaction(async (manager) => {
    await manager.query('SET LOCAL statement_timeout = 0');
    await manager.query('SET LOCAL lock_timeout = 0');
    await manager.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const stillMissing = await missingIndexes(manager, definitions);
    for (const index of stillMissing) {
      await manager.query(index.statement);
    }
    return stillMissing.map(({ name }) => name);
  });
}

interface AttributeIndex {
  name: string;
  statement: string;
}

function indexOf(attribute: string, type: SearchAttributeType): AttributeIndex {
  const withoutAlias = (sql: string): string => sql.replaceAll('e.search_attributes', 'search_attributes');
  if (type === 'KeywordList') {
    const name = indexName(attribute, 'execution_attributes');
    const list = withoutAlias(listExpression(attribute));
    return { name, statement: `CREATE INDEX ${name} ON ${SCHEMA}.execution USING gin (${list} jsonb_path_ops) WHERE ${list} IS NOT NULL` };
  }
  const name = indexName(attribute, 'execution_attribute');
  return {
    name,
    statement: `CREATE INDEX ${name} ON ${SCHEMA}.execution (${withoutAlias(attributeExpression(attribute))}, started_at_ms DESC, run_id DESC)
      WHERE ${withoutAlias(attributeIndexCondition(attribute))}`,
  };
}

interface Queryable {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

async function missingIndexes(queryable: Queryable, definitions: SearchAttributeDefinitions): Promise<AttributeIndex[]> {
  const rows = (await queryable.query('SELECT indexname FROM pg_indexes WHERE schemaname = $1 AND tablename = $2', [SCHEMA, 'execution'])) as { indexname: string }[];
  const existing = new Set(rows.map(({ indexname }) => indexname));
  return Object.entries(definitions).map(([attribute, type]) => indexOf(attribute, type)).filter(({ name }) => !existing.has(name));
}

function indexName(attribute: string, prefix: string): string {
  const readable = attribute.toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 30);
  const digest = createHash('sha256').update(attribute).digest('hex').slice(0, 8);
  return `${prefix}_${readable}_${digest}`;
}

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
