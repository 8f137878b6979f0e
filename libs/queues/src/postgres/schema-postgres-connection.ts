import { setTimeout as delay } from 'node:timers/promises';
import {
  assertSchemaCompatibility,
  PostgresConnection,
  PostgresQueueBackend,
  type BackendFactory,
  type PgPool,
  type PostgresConnectionOptions,
} from 'bullmq';
import type { PostgresQueueConnection } from '../queue-connection.js';
import { SchemaConnections } from './schema-connections.js';

/** BullMQ's view of the process's shared connections to one schema. Closing it gives its share back. */
class SchemaPostgresConnection extends PostgresConnection {
  override readonly schema: string;
  private compatible: Promise<void> | undefined;
  private released: Promise<void> | undefined;
  private readonly onListenerLost = () => this.emit('listenerinvalidated');

  constructor(
    private readonly connections: SchemaConnections,
    schema: string,
  ) {
    // @types/pg overloads `query` in a way that does not fit BullMQ's structural type; the object is what BullMQ wants: a pg.Pool.
    super(connections.pool as unknown as PgPool);
    this.schema = schema;
    connections.on('listenerLost', this.onListenerLost);
  }

  /** As in BullMQ, but a failed check is made again by the next call: Postgres may have been down, or the schema not yet migrated. */
  override waitUntilReady(): Promise<void> {
    if (this.compatible === undefined) {
      const checking = this.checkSchema();
      this.compatible = checking;
      checking.catch(() => {
        this.compatible = undefined;
      });
    }
    return this.compatible;
  }

  private async checkSchema(): Promise<void> {
    await assertSchemaCompatibility(this.pool, this.schema);
    setImmediate(() => this.emit('ready'));
  }

  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    return (await this.connections.listenClient()) as unknown as Awaited<ReturnType<PostgresConnection['getListenClient']>>;
  }

  override get hasListenClientKeepAlive(): boolean {
    return true;
  }

  override async setListenClientName(): Promise<void> {
    // One connection listens for all workers of the process, so it bears no worker's name.
  }

  override get isClosing(): Promise<void> | undefined {
    return this.released;
  }

  override close(): Promise<void> {
    this.released ??= (async () => {
      this.connections.off('listenerLost', this.onListenerLost);
      await this.connections.release();
      this.emit('close');
    })();
    return this.released;
  }
}

/** While Postgres is away BullMQ's worker loop asks again at once; this is its pause. */
const FETCH_RETRY_PAUSE_MS = 500;

class SchemaQueueBackend extends PostgresQueueBackend {
  // The tuple is BullMQ's own, and untyped there.
  override async moveToActive(...args: Parameters<PostgresQueueBackend['moveToActive']>): ReturnType<PostgresQueueBackend['moveToActive']> {
    try {
      return await super.moveToActive(...args);
    } catch (error) {
      await delay(FETCH_RETRY_PAUSE_MS, undefined, { ref: false });
      throw error;
    }
  }

  /** After a failure BullMQ would wait for five seconds, closed or not, and so keep a process that stops. Its next look comes soon enough. */
  override async moveStalledJobsToWait(): ReturnType<PostgresQueueBackend['moveStalledJobsToWait']> {
    try {
      return await super.moveStalledJobsToWait();
    } catch (error) {
      this.emit('error', error);
      return [];
    }
  }
}

/** Builds BullMQ backends on the process's shared connections to `schema`. */
export function sharedPostgresBackend(connection: PostgresQueueConnection, schema: string): BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> {
  return (queueName, options) =>
    new SchemaQueueBackend(new SchemaPostgresConnection(SchemaConnections.acquire(connection, schema), schema), queueName, options, true);
}
