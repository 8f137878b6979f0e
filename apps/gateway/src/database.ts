import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { DatabaseDeadlineError } from './problems/database-failures.js';

/** How long a request waits for the database before it is answered 503. */
export const DATABASE_DEADLINE_MS = 3_000;

/** Whatever runs parameterised SQL: the pool, or a transaction. */
export interface SqlConnection {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** The gateway's own schema, for requests: parameterised SQL, never waited for longer than {@link DATABASE_DEADLINE_MS}. */
@Injectable()
export class Database {
  constructor(@Inject(DataSource) readonly dataSource: DataSource) {}

  /** @throws DatabaseDeadlineError */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return withDeadline(this.dataSource.query(sql, parameters));
  }

  /** One transaction. After the deadline the caller is told that nothing is known; the transaction itself ends by its own time-outs. */
  transaction<T>(run: (manager: EntityManager) => Promise<T>): Promise<T> {
    return withDeadline(this.dataSource.transaction(run));
  }
}

/** Waits no longer than that; what was begun ends by its own time-outs. @throws DatabaseDeadlineError */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number = DATABASE_DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DatabaseDeadlineError(deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
