import { describe, expect, it } from '@jest/globals';
import { isConnectionFault } from './database-faults.js';

const faultOf = (message: string, code?: string): Error => Object.assign(new Error(message), code === undefined ? {} : { code });

describe('faults of the connection to the database', () => {
  it.each<[string, Error, boolean]>([
    ['that pg found, without a code', faultOf('timeout expired'), true],
    ['of the network', faultOf('write EPIPE', 'EPIPE'), true],
    ['of the network, told in words too', faultOf('Connection terminated unexpectedly', 'EPIPE'), true],
    ['that Postgres told of itself', faultOf('terminating connection due to administrator command', '57P01'), true],
    ['in the data, whose words speak of time-outs', faultOf('invalid input syntax for type integer: "timeout expired"', '22P02'), false],
    ['of a trigger, whose words speak of time-outs', faultOf('timeout exceeded', 'P0001'), false],
    ['of a program', new Error('no such thing'), false],
  ])('given one %s, when it is asked, then it is told from the others', (_, error, expected) => {
    expect(isConnectionFault(error)).toBe(expected);
  });
});
