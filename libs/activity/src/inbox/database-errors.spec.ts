import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { isConnectionLoss, isStatementError } from './database-errors.js';

const failed = (message: string, code?: string): QueryFailedError => new QueryFailedError('SELECT 1', [], Object.assign(new Error(message), code === undefined ? {} : { code }));

describe('a connection that broke under a query', () => {
  it.each<[string, string | undefined]>([
    ['Connection terminated unexpectedly', undefined],
    ['timeout expired', undefined],
    ['read ECONNRESET', 'ECONNRESET'],
    ['write EPIPE', 'EPIPE'],
    ['terminating connection due to administrator command', '57P01'],
    ['sorry, too many clients already', '53300'],
    ['connection failure', '08006'],
  ])('given "%s" with code %s, then it is one', (message, code) => {
    expect(isConnectionLoss(failed(message, code))).toBe(true);
  });

  it.each(['EPIPE', 'ECONNRESET', '57P01', '08006'])('given code %s, then no statement was refused', (code) => {
    expect(isStatementError(failed('It broke off.', code))).toBe(false);
  });

  it.each<[string, string]>([
    ['timeout expired', 'P0001'],
    ['invalid input syntax for type integer: "Connection terminated"', '22P02'],
    ['canceling statement due to statement timeout', '57014'],
  ])('given that Postgres refused a statement with "%s" (%s), then it is none, whatever the words', (message, code) => {
    expect(isConnectionLoss(failed(message, code))).toBe(false);
  });

  it('given a handler that throws such words itself, then it is none', () => {
    expect(isConnectionLoss(new Error('timeout expired'))).toBe(false);
  });
});
