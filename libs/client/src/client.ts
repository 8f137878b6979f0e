import { AsyncCompletionClient } from './async-completion-client.js';
import { CallScopes } from './call-context.js';
import { defaultConnection } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { ScheduleClient, type ScheduleClientOptions } from './schedule-client.js';
import { WorkflowClient, type WorkflowClientOptions } from './workflow-client.js';

/** How a client is made. */
export interface ClientOptions extends Omit<WorkflowClientOptions, 'interceptors'> {
  interceptors?: { workflow?: WorkflowClientOptions['interceptors']; schedule?: ScheduleClientOptions['interceptors'] };
  /** Each may change the options before anything is made of them, the first one first. */
  plugins?: readonly ClientPlugin[];
}

/** What a package adds to clients. Temporal's names. */
export interface ClientPlugin {
  readonly name?: string;
  configureClient?(options: ClientOptions): ClientOptions;
}

/** Everything that a program does with workflows, over one connection. */
export class Client extends CallScopes {
  readonly connection: ControlCaller;
  readonly workflow: WorkflowClient;
  /** Completes activities from outside. */
  readonly activity: AsyncCompletionClient;
  /** Makes workflows start by the clock. */
  readonly schedule: ScheduleClient;
  readonly options: ClientOptions;

  constructor(given: ClientOptions = {}) {
    super();
    const options = (given.plugins ?? []).reduce((configured, plugin) => plugin.configureClient?.(configured) ?? configured, given);
    const { interceptors, plugins: _plugins, ...rest } = options;
    this.options = options;
    this.workflow = new WorkflowClient({ ...rest, ...(interceptors?.workflow !== undefined && { interceptors: interceptors.workflow }) });
    this.connection = options.connection ?? this.workflow.connection ?? defaultConnection();
    this.schedule = new ScheduleClient({ ...rest, connection: this.connection, ...(interceptors?.schedule !== undefined && { interceptors: interceptors.schedule }) });
    this.activity = new AsyncCompletionClient({ ...rest, connection: this.connection });
  }

  /** Ends the connections that this client made for itself. */
  async close(): Promise<void> {
    await this.workflow.close();
  }
}
