import { Client, Connection } from '@backstitch/client';
import { durationToMs, type Duration } from '@backstitch/protocol/failures';
import { HarnessClock } from './harness-clock.js';
import { TestWorkflowEnvironment, type ClientOptionsForTestEnv, type EnvironmentConnection } from './test-workflow-environment.js';
import type { WorkerSite } from './worker-site.js';

/** How a stack that runs already is reached. */
export interface ExistingServerConnectionOptions {
  /** The control wire's token. */
  apiKey?: string;
  /** True: by TLS. Default false. */
  tls?: boolean | object;
}

/** Of `TestWorkflowEnvironment.createFromExistingServer`. */
export interface ExistingServerTestWorkflowEnvironmentOptions {
  /** Host and port of an orchestrator. Default `127.0.0.1:3001`. */
  address?: string;
  connectionOptions?: ExistingServerConnectionOptions;
  /** What `client` is made with. */
  client?: ClientOptionsForTestEnv;
}

/** A worker was made for a stack that has workers of its own. */
export class ExistingServerHasWorkersError extends Error {
  override readonly name = 'ExistingServerHasWorkersError';
  readonly code = 'EXISTING_SERVER_HAS_WORKERS';
  constructor() {
    super('A stack that runs already has its own workers: its orchestrator has the workflows’ code, and its services have the activities.');
  }
}

const refuse = (): never => {
  throw new ExistingServerHasWorkersError();
};

/** A stack that runs already, in real time: see `TestWorkflowEnvironment.createFromExistingServer`. */
export class ExistingServerWorkflowEnvironment extends TestWorkflowEnvironment {
  readonly supportsTimeSkipping = false;
  readonly connection: EnvironmentConnection;
  readonly client: Client;
  readonly workers: WorkerSite = { deploy: async () => refuse(), serve: refuse };
  readonly #connection: Connection;
  readonly #clock = new HarnessClock(false, async () => undefined);

  private constructor(connection: Connection, options: ClientOptionsForTestEnv | undefined) {
    super();
    this.#connection = connection;
    this.connection = { environment: this, call: async (call) => connection.call(call), close: async () => undefined };
    this.client = new Client({ ...options, connection: this.connection });
    this.becomeLatest();
  }

  /** @throws OrchestratorUnreachableError, UnauthenticatedError */
  static async connect({ address, connectionOptions, client }: ExistingServerTestWorkflowEnvironmentOptions): Promise<ExistingServerWorkflowEnvironment> {
    return new ExistingServerWorkflowEnvironment(await Connection.connect({ ...connectionOptions, ...(address === undefined ? {} : { address }) }), client);
  }

  currentTimeMs(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  readonly sleep = async (duration: Duration): Promise<void> => this.#clock.sleep(durationToMs(duration, 'The duration of sleep'));

  protected async end(): Promise<void> {
    this.#clock.close();
    await this.#connection.close();
  }
}
