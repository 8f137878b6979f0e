import { CallScopes } from './call-context.js';
import type { ControlClientOptions } from './client-options.js';
import type { ControlCall, ControlCaller } from './control-caller.js';
import { ControlConnection } from './control-connection.js';

/** How to reach the control API. */
export interface ConnectionOptions extends Partial<Omit<ControlClientOptions, 'identity'>> {
  /** Host and port of an orchestrator, instead of `url`. Default `127.0.0.1:3001`. */
  address?: string;
  /** True or an object: `address` is reached by TLS. Default false. */
  tls?: boolean | object | null;
  /** Another name of `token`. */
  apiKey?: string;
  /** Taken for compatibility: headers of Temporal's calls. */
  metadata?: object;
}

const DEFAULT_ADDRESS = '127.0.0.1:3001';

/** The control wire to one or more orchestrators. Nothing is connected before the first call; connections are kept and shared. */
export class Connection extends CallScopes implements ControlCaller {
  readonly #connection: ControlCaller;

  private constructor(options: ConnectionOptions) {
    super();
    if (defaultCaller !== undefined && options.url === undefined && options.address === undefined) {
      this.#connection = defaultCaller;
      return;
    }
    const { address = DEFAULT_ADDRESS, tls, apiKey, metadata: _metadata, url, token, ...rest } = options;
    const scheme = tls === undefined || tls === null || tls === false ? 'http' : 'https';
    this.#connection = new ControlConnection({ ...rest, url: url ?? `${scheme}://${address}`, token: token ?? apiKey ?? '' });
  }

  /** Makes a connection and sees that an orchestrator answers. @throws OrchestratorUnreachableError, UnauthenticatedError */
  static async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const connection = new Connection(options);
    try {
      await connection.ensureConnected();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  /** As {@link connect}; whether somebody answers shows with the first call. */
  static lazy(options: ConnectionOptions = {}): Connection {
    return new Connection(options);
  }

  async ensureConnected(): Promise<void> {
    await this.call({ method: 'GET', path: '/info', isIdempotent: true });
  }

  call<Answer>(call: ControlCall): Promise<Answer> {
    return this.#connection.call(call);
  }

  /** Ends all connections; calls under way fail. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}

let defaultCaller: ControlCaller | undefined;
let ownDefault: Connection | undefined;

/**
 * What clients use that are made without a connection, and connections that are made without an address; undefined: the default address.
 * @internal for tests
 */
export function setDefaultConnection(caller: ControlCaller | undefined): void {
  defaultCaller = caller;
}

export function defaultConnection(): ControlCaller {
  return defaultCaller ?? (ownDefault ??= Connection.lazy());
}
