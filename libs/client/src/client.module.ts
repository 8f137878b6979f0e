import { ConfigurableModuleBuilder, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from './client.js';
import { Connection } from './connection.js';
import type { ControlClientOptions } from './client-options.js';
import { ControlClient } from './control-client.js';
import { WorkflowClient, type WorkflowClientOptions } from './workflow-client.js';

/** How to reach the control API, and how the clients behave. */
export type ClientModuleOptions = ControlClientOptions & Pick<WorkflowClientOptions, 'payloadCodec' | 'interceptors' | 'queryRejectCondition'>;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<ClientModuleOptions>({ moduleName: 'WorkflowClient' })
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/** `ClientModule.forRoot(options)` or `forRootAsync({ imports, inject, useFactory })`: injectable Client, WorkflowClient and ControlClient, by default everywhere in the app. */
@Module({
  providers: [
    { provide: Connection, inject: [MODULE_OPTIONS_TOKEN], useFactory: (options: ClientModuleOptions) => Connection.lazy(options) },
    {
      provide: Client,
      inject: [MODULE_OPTIONS_TOKEN, Connection],
      useFactory: ({ interceptors, ...options }: ClientModuleOptions, connection: Connection) =>
        new Client({ ...options, connection, ...(interceptors !== undefined && { interceptors: { workflow: interceptors } }) }),
    },
    { provide: WorkflowClient, inject: [Client], useFactory: ({ workflow }: Client) => workflow },
    { provide: ControlClient, inject: [MODULE_OPTIONS_TOKEN, Connection], useFactory: (options: ClientModuleOptions, connection: Connection) => new ControlClient(options, connection) },
  ],
  exports: [Client, WorkflowClient, ControlClient],
})
export class ClientModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(Connection) private readonly connection: Connection) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}
