import { ConfigurableModuleBuilder, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { WorkflowClientOptions } from './client-options.js';
import { WorkflowClient } from './workflow-client.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<WorkflowClientOptions>({ moduleName: 'WorkflowClient' })
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/** `ClientModule.forRoot(options)` or `forRootAsync({ imports, inject, useFactory })`: an injectable WorkflowClient, by default everywhere in the app. */
@Module({
  providers: [{ provide: WorkflowClient, inject: [MODULE_OPTIONS_TOKEN], useFactory: (options: WorkflowClientOptions) => new WorkflowClient(options) }],
  exports: [WorkflowClient],
})
export class ClientModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(WorkflowClient) private readonly client: WorkflowClient) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
