import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { Database } from './database.js';

/** A data source whose one connection answers as told, and says how it was given back. */
function dataSourceOf(answer: (connection: EventEmitter) => unknown[]): { dataSource: DataSource; givenBack: { destroyed: boolean }[]; connection: EventEmitter } {
  const givenBack: { destroyed: boolean }[] = [];
  const connection = Object.assign(new EventEmitter(), { query: async () => ({ rows: answer(connection) }) });
  const driver = { obtainMasterConnection: async () => [connection, (destroy?: boolean) => givenBack.push({ destroyed: destroy === true })] };
  return { dataSource: { driver } as unknown as DataSource, givenBack, connection };
}

describe('the database of the store', () => {
  it('given a connection that breaks behind its answer, when it answers, then the answer counts and the connection is not used again', async () => {
    const { dataSource, givenBack, connection } = dataSourceOf((broken) => {
      broken.emit('error', new Error('terminating connection due to unexpected postmaster exit'));
      return [{ answer: 42 }];
    });
    await expect(new Database(dataSource).query({ text: 'SELECT 42 AS answer' })).resolves.toEqual([{ answer: 42 }]);
    expect(givenBack).toEqual([{ destroyed: true }]);
    expect(connection.listenerCount('error')).toBe(0);
  });

  it('given a sound connection, when it has answered, then it goes back to the pool', async () => {
    const { dataSource, givenBack } = dataSourceOf(() => []);
    await new Database(dataSource).query({ text: 'SELECT' });
    expect(givenBack).toEqual([{ destroyed: false }]);
  });
});
