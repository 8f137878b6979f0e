import { bootstrapService, type BootstrapOptions, type RunningService } from '@backstitch/service-kit';
import { configurationSchema, type Configuration } from './configuration.js';
import { loadWorkflowBundle } from './load-workflow-bundle.js';
import { PlatformOrchestratorModule, SERVICE } from './platform-orchestrator.module.js';

/**
 * Starts the orchestrator.
 * @param programUrl where the program is; the workflow code is beside it
 * @param overrides for specs: environment, logger, process
 */
export async function startOrchestrator(
  programUrl: string,
  overrides: Pick<BootstrapOptions<typeof configurationSchema>, 'env' | 'logger' | 'process'> = {},
): Promise<RunningService<Configuration>> {
  const bundle = await loadWorkflowBundle(programUrl);
  return bootstrapService({
    service: SERVICE,
    configuration: configurationSchema,
    module: (configuration) => PlatformOrchestratorModule.forRoot(configuration, bundle),
    ...overrides,
  });
}
