import { EventEmitter } from 'node:events';
import pg from 'pg';
import { DEFAULT_QUEUE_POOL_MAX, type PostgresQueueConnection } from '../queue-connection.js';

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_INITIAL_DELAY_MS = 10_000;

/**
 * What one process holds open to one queue schema: one pool, and one connection that listens for all workers. BullMQ itself would open a pool and
 * a listening connection for each of its objects.
 *
 * Emits `listenerLost` when the listening connection broke; the next call of `listenClient` makes another.
 */
export class SchemaConnections extends EventEmitter {
  readonly pool: pg.Pool;
  private listening: Promise<pg.Client> | undefined;
  private users = 0;

  private constructor(
    private readonly registryKey: string,
    private readonly connectionString: string,
    poolMax: number,
  ) {
    super();
    this.setMaxListeners(0);
    this.pool = new pg.Pool({
      connectionString,
      max: poolMax,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'backstitch-queues',
    });
    // Each BullMQ object adds its own listener for errors of idle connections.
    this.pool.setMaxListeners(0);
    this.pool.on('error', () => undefined);
  }

  private static readonly open = new Map<string, SchemaConnections>();

  /** The process's connections to that schema; call `release` once for each call. */
  static acquire(connection: PostgresQueueConnection, schema: string): SchemaConnections {
    const poolMax = connection.poolMax ?? DEFAULT_QUEUE_POOL_MAX;
    const registryKey = JSON.stringify([connection.url, schema, poolMax]);
    let found = SchemaConnections.open.get(registryKey);
    if (found === undefined) {
      found = new SchemaConnections(registryKey, withSearchPath(connection.url, schema), poolMax);
      SchemaConnections.open.set(registryKey, found);
    }
    found.users += 1;
    return found;
  }

  /** Closes everything when the last user has gone. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    SchemaConnections.open.delete(this.registryKey);
    const listener = this.listening;
    this.listening = undefined;
    await listener?.then(
      (client) => client.end().catch(() => undefined),
      () => undefined,
    );
    await this.pool.end();
  }

  /** The one connection that listens; all workers of the process share it. */
  listenClient(): Promise<pg.Client> {
    if (this.listening === undefined) {
      const connecting = this.connectListener();
      this.listening = connecting;
      connecting.catch(() => {
        if (this.listening === connecting) this.listening = undefined;
      });
    }
    return this.listening;
  }

  private async connectListener(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.connectionString,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_INITIAL_DELAY_MS,
      application_name: 'backstitch-queues-listener',
    });
    client.setMaxListeners(0);
    let lost = false;
    const onLost = () => {
      if (lost) return;
      lost = true;
      client.removeAllListeners('notification');
      this.listening = undefined;
      void client.end().catch(() => undefined);
      if (this.users > 0) this.emit('listenerLost');
    };
    await client.connect();
    client.on('error', onLost);
    client.on('end', onLost);
    return oneQueryAtATime(client);
  }
}

/** Several workers say LISTEN on the one connection, which takes one query at a time. */
function oneQueryAtATime(client: pg.Client): pg.Client {
  const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<pg.QueryResult>;
  let last: Promise<unknown> = Promise.resolve();
  const queryInTurn = (text: string, values?: unknown[]) => {
    const turn = last.then(() => query(text, values));
    last = turn.catch(() => undefined);
    return turn;
  };
  return Object.assign(client, { query: queryInTurn as unknown as pg.Client['query'] });
}

/** The same URL, with the schema as the search path of every connection. */
function withSearchPath(url: string, schema: string): string {
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options');
  const searchPath = `-c search_path=${schema}`;
  parsed.searchParams.set('options', options === null ? searchPath : `${options} ${searchPath}`);
  return parsed.href;
}
