import { connectActivities } from '@backstitch/activity';
import { bootstrapService, type BootstrapOptions, type RunningService } from '@backstitch/service-kit';
import { configurationSchema, type Configuration } from './configuration.js';
import { PaymentModule, SERVICE } from './payment.module.js';

/** Starts the service. @param overrides for specs: environment, logger, process */
export function startPayment(
  overrides: Pick<BootstrapOptions<typeof configurationSchema>, 'env' | 'logger' | 'process'> = {},
): Promise<RunningService<Configuration>> {
  return bootstrapService({
    service: SERVICE,
    configuration: configurationSchema,
    module: (configuration) => PaymentModule.forRoot(configuration),
    configure: (app) => connectActivities(app),
    ...overrides,
  });
}
