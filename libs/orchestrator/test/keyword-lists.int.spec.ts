import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseListFilter } from '@backstitch/engine/list-filter';
import type { WorkflowBundle } from '@backstitch/sandbox';
import type { QueryRunner } from 'typeorm';
import { listFilterSql } from '../src/listing/list-filter-sql.js';
import { FillTaskQueues1790000000470 } from '../src/migrations/fill-task-queues.js';
import { makeQueueConnection, startReplica, type AnyJson, type Replica } from './orchestrator-harness.js';
import { makeTestDatabase, type TestDatabase } from './test-database.js';
import { bundleTestWorkflows } from './test-workflows.js';

const DEFINITIONS = { Tags: 'KeywordList', Word: 'Keyword' } as const;
let workflows: WorkflowBundle;
let database: TestDatabase;
let replica: Replica;

beforeAll(async () => {
  workflows = await bundleTestWorkflows();
  database = await makeTestDatabase('keywords');
  replica = await startReplica({ dataSource: await database.connect(), queueConnection: await makeQueueConnection('postgres', database, ['shop']), workflows, searchAttributes: DEFINITIONS });
  await replica.start(
    { workflowId: 'both', workflowType: 'waiting', searchAttributes: { Tags: ['red', 'big'] } },
    { workflowId: 'red', workflowType: 'waiting', searchAttributes: { Tags: ['red'], Word: ['w'] } },
    { workflowId: 'none', workflowType: 'waiting', taskQueue: 'elsewhere' },
  );
});
afterAll(async () => {
  await replica.stop();
  await database.drop();
});

async function found(query: string): Promise<string[]> {
  const { body } = await replica.call('POST', '/workflows/list', { query });
  return (body.workflows as AnyJson[]).map(({ workflowId }) => workflowId as string).sort();
}

describe('lists of keywords', () => {
  it.each([
    ["Tags = 'big'", ['both']],
    ["Tags = 'red'", ['both', 'red']],
    ["Tags = 're'", []],
    ["Tags = 'red' AND Tags != 'big'", ['red']],
    ["Tags != 'big'", ['none', 'red']],
    ["Tags IN ('big', 'small')", ['both']],
    ["Tags NOT IN ('big')", ['none', 'red']],
    ['Tags IS NULL', ['none']],
    ["NOT Tags = 'red'", ['none']],
  ])('given runs with lists, when they are asked for by %s, then every value counts: %j', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  it.each([
    ["TaskQueue = 'elsewhere'", ['none']],
    ["TaskQueue = 'default'", ['both', 'red']],
    ["TaskQueue STARTS_WITH 'else'", ['none']],
  ])('given runs with task queues of their own, when they are asked for by %s, then the list is %j', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  it('given open runs that were started before there was a column for their task queue, when it is filled, then they are found by it', async () => {
    await database.dataSource.query('UPDATE orchestrator.execution SET task_queue = NULL');
    expect(await found("TaskQueue = 'elsewhere'")).toEqual([]);
    await database.dataSource.transaction((manager) => new FillTaskQueues1790000000470().up(manager.queryRunner as QueryRunner));
    expect(await found("TaskQueue = 'elsewhere'")).toEqual(['none']);
    expect(await found("TaskQueue = 'default'")).toEqual(['both', 'red']);
  });

  it('given a list in a search by value, when it is asked for, then it is refused with what to use instead', async () => {
    expect((await replica.call('POST', '/workflows/list', { searchAttributes: { Tags: 'red' } })).body).toMatchObject({ error: { code: 'SEARCH_ATTRIBUTE_INVALID' } });
  });

  it('given a declared list, when a value of it is looked for, then its index serves that', async () => {
    const { text, values } = listFilterSql(parseListFilter("Tags = 'red'").condition, DEFINITIONS);
    const plan = await database.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL enable_seqscan = off');
      return (await manager.query(`EXPLAIN SELECT 1 FROM orchestrator.execution e WHERE ${text}`, values)) as Record<string, string>[];
    });
    expect(JSON.stringify(plan)).toContain('execution_attributes_tags_');
  });
});
