import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import pg from 'pg';
import { binaryArray, InvalidUuidError, type ArrayElement, type ArrayElementType } from './binary-array.js';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('binary_array');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** The elements as Postgres read them, each as text. */
async function readBack(type: ArrayElementType, elements: readonly ArrayElement[]): Promise<(string | null)[]> {
  const { rows } = await client.query<{ element: string | null }>(`SELECT element::text FROM unnest($1::${type}[]) WITH ORDINALITY AS u(element, place) ORDER BY place`, [
    binaryArray(type, elements),
  ]);
  return rows.map(({ element }) => element);
}

describe('an array in Postgres’ binary format', () => {
  it.each<[ArrayElementType, ArrayElement[]]>([
    ['int2', [0, 1, -1, 32_767, -32_768, null]],
    ['int4', [0, 1, -1, 2_147_483_647, -2_147_483_648, null]],
    ['int8', [0, 1, -1, 4_294_967_295, 4_294_967_296, -4_294_967_297, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Date.UTC(2126, 0, 1), null]],
    ['uuid', ['01a1fdfe-9a93-7df0-86e3-28c36d16615d', null, 'ffffffff-ffff-ffff-ffff-ffffffffffff']],
    ['text', ['', 'plain', '{"a":"\\"b\\\\", NULL}', 'é 漢 😀', 'NULL', null]],
    ['json', ['{"a":[1,"\\u0000","\\ud800"]}', 'null', '"x"', null]],
    ['text', []],
  ])('given elements of %s, when Postgres reads them, then they are the same', async (type, elements) => {
    expect(await readBack(type, elements)).toEqual(elements.map((element) => (element === null ? null : String(element))));
  });

  it('given what is no UUID, when it is written, then it is refused', () => {
    for (const text of ['', 'run-1', '01a1fdfe-9a93-7df0-86e3-28c36d16615', '01a1fdfe9a937df086e328c36d16615d']) {
      expect(() => binaryArray('uuid', [text])).toThrow(InvalidUuidError);
    }
  });
});
