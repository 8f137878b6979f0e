import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { isDatabaseUnavailable } from './database-failures.js';

const failed = (message: string, code?: string): QueryFailedError => new QueryFailedError('SELECT 1', [], Object.assign(new Error(message), code === undefined ? {} : { code }));

describe('a database that cannot be reached', () => {
  it.each([new Error('timeout expired'), failed('Connection terminated unexpectedly'), failed('read ECONNRESET', 'ECONNRESET'), failed('connection failure', '08006'), failed('canceling statement due to lock timeout', '55P03')])(
    'given %s, then it is told by its words or its code',
    (error) => {
      expect(isDatabaseUnavailable(error)).toBe(true);
    },
  );

  it.each([failed('timeout expired', 'P0001'), failed('invalid input syntax for type uuid: "client was closed"', '22P02')])('given %s, which Postgres itself has said, then its words do not count: it would be tried for ever', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
