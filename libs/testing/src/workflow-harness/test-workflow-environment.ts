import { setDefaultConnection, type Client, type ClientOptions, type ControlCaller } from '@backstitch/client';
import type { Duration } from '@backstitch/protocol/failures';
import type { ExistingServerTestWorkflowEnvironmentOptions, ExistingServerWorkflowEnvironment } from './existing-environment.js';
import type { InMemoryWorkflowEnvironment, TimeSkippingTestWorkflowEnvironmentOptions } from './in-memory-environment.js';
import type { LocalTestWorkflowEnvironmentOptions, LocalWorkflowEnvironment } from './local-environment.js';
import type { WorkerSite } from './worker-site.js';

/** A connection that leads to an environment: for `new Client({ connection })` and `Worker.create({ connection })` alike. */
export interface EnvironmentConnection extends ControlCaller {
  readonly environment: TestWorkflowEnvironment;
}

/** Options of an environment's client. */
export type ClientOptionsForTestEnv = Omit<ClientOptions, 'connection'>;

/** The environment that was made last: what a client or a worker without a connection of its own uses. */
let latest: TestWorkflowEnvironment | undefined;

/**
 * Somewhere to run workflows in tests, under the names of `@temporalio/testing`: in this process and in simulated time, or on a real stack. A test of one kind
 * runs on the other one unchanged.
 */
export abstract class TestWorkflowEnvironment {
  /** Whether time is skipped. */
  abstract readonly supportsTimeSkipping: boolean;
  /** For clients and workers. */
  abstract readonly connection: EnvironmentConnection;
  abstract readonly client: Client;
  /** @internal */
  abstract readonly workers: WorkerSite;
  #ended: Promise<void> | undefined;

  /**
   * An environment in this process in which time is skipped: no database, no queue, nothing to be started. Time stands still while an activity is at work, and
   * jumps to what is due next while somebody awaits a workflow's result or sleeps in the environment.
   */
  static async createTimeSkipping(options: TimeSkippingTestWorkflowEnvironmentOptions = {}): Promise<InMemoryWorkflowEnvironment> {
    const { InMemoryWorkflowEnvironment: Environment } = await import('./in-memory-environment.js');
    const environment = new Environment(options);
    (environment as TestWorkflowEnvironment).becomeLatest();
    return environment;
  }

  /**
   * A real stack, in real time: an orchestrator on an embedded Postgres, with queues in Postgres, in a child process that ends with this one. Workers serve their
   * activities from this process, through queues and inbox.
   * @throws LocalServerError
   */
  static async createLocal(options: LocalTestWorkflowEnvironmentOptions = {}): Promise<LocalWorkflowEnvironment> {
    const { LocalWorkflowEnvironment: Environment } = await import('./local-environment.js');
    return Environment.start(options);
  }

  /**
   * A stack that runs already, with its own workflows and services, in real time: for tests of the whole. It is left as it is at the end.
   * @throws OrchestratorUnreachableError, UnauthenticatedError
   */
  static async createFromExistingServer(options: ExistingServerTestWorkflowEnvironmentOptions = {}): Promise<ExistingServerWorkflowEnvironment> {
    const { ExistingServerWorkflowEnvironment: Environment } = await import('./existing-environment.js');
    return Environment.connect(options);
  }

  /** The environment of that connection; of none: the one that was made last. */
  static of(connection: unknown): TestWorkflowEnvironment {
    const environment = (connection as Partial<EnvironmentConnection> | undefined)?.environment ?? latest;
    if (environment === undefined) {
      throw new Error('There is no TestWorkflowEnvironment to connect to: make one first.');
    }
    return environment;
  }

  /** As `connection`: workers and clients share it. */
  get nativeConnection(): EnvironmentConnection {
    return this.connection;
  }

  get namespace(): string {
    return 'default';
  }

  /** Milliseconds since the epoch, in the environment's time. */
  abstract currentTimeMs(): Promise<number>;

  /** Waits in the environment's time, which is skipped if it can be. In an activity, too. */
  abstract readonly sleep: (duration: Duration) => Promise<void>;

  /** Ends the environment; workers should have been shut down. A second call changes nothing. */
  teardown(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  protected abstract end(): Promise<void>;

  /** Clients and workers without a connection of their own use this environment from now on. */
  protected becomeLatest(): void {
    latest = this;
    setDefaultConnection(this.connection);
  }

  async #end(): Promise<void> {
    try {
      await this.end();
    } finally {
      if (latest === this) {
        latest = undefined;
        setDefaultConnection(undefined);
      }
    }
  }
}
