import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';

/** Set by tools/jest/testing-library-has-no-servers.mjs. */
describe('the specs of the testing library', () => {
  it('given a test run with servers, when one of them asks for a database, then there is none', async () => {
    expect(Object.keys(process.env).filter((name) => name.startsWith('BACKSTITCH_TEST_'))).toEqual([]);
    await expect(createTestDatabase('testing')).rejects.toThrow('is not set');
  });
});
