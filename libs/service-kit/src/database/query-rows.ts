import type { EntityManager } from 'typeorm';

/**
 * Runs a statement that ends in SELECT and types its rows. TypeORM gives bare rows only for SELECT and INSERT, so updates go into a WITH before it.
 */
export async function queryRows<Row>(manager: EntityManager, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await manager.query(sql, parameters)) as Row[];
}
