import { AsyncCompletionClient } from './async-completion-client.js';
import { defaultConnection } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { ScheduleClient } from './schedule-client.js';
import { WorkflowClient, type WorkflowClientOptions } from './workflow-client.js';

/** How a client is made. */
export interface ClientOptions extends Omit<WorkflowClientOptions, 'interceptors'> {
  interceptors?: { workflow?: WorkflowClientOptions['interceptors'] };
  /** `payloadCodecs` are applied one after the other, the last first; nothing else of it is used. */
  dataConverter?: object;
}

/** Everything that a program does with workflows, over one connection. */
export class Client {
  readonly connection: ControlCaller;
  readonly workflow: WorkflowClient;
  /** Completes activities from outside. */
  readonly activity: AsyncCompletionClient;
  /** Makes workflows start by the clock. */
  readonly schedule: ScheduleClient;
  readonly options: ClientOptions;

  constructor(options: ClientOptions = {}) {
    const { interceptors, ...rest } = options;
    this.options = options;
    this.workflow = new WorkflowClient({ ...rest, ...(interceptors?.workflow !== undefined && { interceptors: interceptors.workflow }) });
    this.connection = options.connection ?? this.workflow.connection ?? defaultConnection();
    this.schedule = new ScheduleClient({ ...rest, connection: this.connection });
    this.activity = new AsyncCompletionClient({ ...rest, connection: this.connection });
  }

  /** Ends the connections that this client made for itself. */
  async close(): Promise<void> {
    await this.workflow.close();
  }
}
