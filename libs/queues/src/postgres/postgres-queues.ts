import { Queue } from 'bullmq';
import { queueSchemaOf, type PostgresQueueConnection } from '../queue-connection.js';
import { addBulkByQueue, EVENTS_KEPT_MAX, type AnyQueue, type QueueBackend, type SizedJob } from '../queue-backend.js';
import { SchemaConnections } from './schema-connections.js';
import { sharedPostgresBackend } from './schema-postgres-connection.js';

/** Producer's side of queues in Postgres. Knows the table `job` of BullMQ's schema; the tests hold it to that. */
export class PostgresQueues implements QueueBackend {
  private readonly queues = new Map<string, AnyQueue>();
  private readonly connections = new Map<string, SchemaConnections>();

  constructor(
    private readonly connection: PostgresQueueConnection,
    private readonly onError: (error: unknown) => void,
  ) {}

  queue(queueName: string): AnyQueue {
    let found = this.queues.get(queueName);
    if (found === undefined) {
      const schema = queueSchemaOf(queueName);
      const queue = new Queue(
        queueName,
        { connection: this.connection.url, streams: { events: { maxLen: EVENTS_KEPT_MAX } } },
        sharedPostgresBackend(this.connection, schema),
      );
      queue.on('error', this.onError);
      found = queue as unknown as AnyQueue;
      this.queues.set(queueName, found);
    }
    return found;
  }

  async addBulk(queueName: string, jobs: readonly SizedJob[]): Promise<void> {
    await addBulkByQueue(this.queue(queueName), jobs);
  }

  async waitUntilReachable(): Promise<void> {
    // The pool connects on demand and gives up by itself after its connect time-out.
  }

  async removeWaiting(queueName: string, jobIds: readonly string[]): Promise<boolean[]> {
    const { rows } = await this.connectionsOf(queueName).pool.query<{ id: string }>(
      `DELETE FROM job WHERE queue = $1 AND id = ANY($2) AND state IN ('waiting', 'delayed') RETURNING id`,
      [queueName, jobIds],
    );
    const removed = new Set(rows.map((row) => row.id));
    // An id that was asked for twice was taken off once, by the first.
    return jobIds.map((jobId) => removed.delete(jobId));
  }

  async held(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.connectionsOf(queueName).pool.query<{ id: string }>(
      `SELECT id FROM job WHERE queue = $1 AND id = ANY($2) AND state IN ('waiting', 'delayed', 'active')`,
      [queueName, jobIds],
    );
    return new Set(rows.map((row) => row.id));
  }

  async isBusy(queueName: string): Promise<boolean> {
    const { rows } = await this.connectionsOf(queueName).pool.query<{ is_busy: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM job WHERE queue = $1 AND state = 'active' AND locked_until_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS is_busy`,
      [queueName],
    );
    return rows[0]?.is_busy === true;
  }

  async cancelRequested(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.connectionsOf(queueName).pool.query<{ id: string }>(
      `SELECT id FROM job WHERE queue = $1 AND id = ANY($2) AND progress @> '{"cancelRequested": true}'`,
      [queueName, jobIds],
    );
    return new Set(rows.map((row) => row.id));
  }

  async heartbeat(queueName: string, jobId: string, progress: unknown, ifCancelled: object): Promise<boolean> {
    const { rows } = await this.connectionsOf(queueName).pool.query<{ cancelled: boolean | null }>(
      `UPDATE job SET progress = CASE WHEN progress @> '{"cancelRequested": true}' THEN $4::jsonb ELSE coalesce($3::jsonb, progress) END
       WHERE queue = $1 AND id = $2 RETURNING progress @> '{"cancelRequested": true}' AS cancelled`,
      [queueName, jobId, progress === undefined ? null : JSON.stringify(progress), JSON.stringify(ifCancelled)],
    );
    return rows[0]?.cancelled === true;
  }

  watchFlush(): () => void {
    // Queues and truth share the database's durability: nothing flushes one of them alone.
    return () => undefined;
  }

  watchRestart(): () => void {
    // What a crash of this server takes away it takes from both.
    return () => undefined;
  }

  async ping(queueName: string): Promise<void> {
    await this.connectionsOf(queueName).pool.query('SELECT 1 FROM migration LIMIT 1');
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
    await Promise.all([...this.connections.values()].map((connections) => connections.release()));
    this.queues.clear();
    this.connections.clear();
  }

  private connectionsOf(queueName: string): SchemaConnections {
    const schema = queueSchemaOf(queueName);
    let found = this.connections.get(schema);
    if (found === undefined) {
      found = SchemaConnections.acquire(this.connection, schema);
      this.connections.set(schema, found);
    }
    return found;
  }
}
