import { JobQueues } from '@backstitch/queues';
import { bootstrapService, queueConnectionFrom, type BootstrapOptions, type RunningService } from '@backstitch/service-kit';
import type { FastifyInstance } from 'fastify';
import { configurationSchema, type Configuration } from './configuration.js';
import { ConsoleModule } from './console.module.js';
import { serveBullBoard } from './queues/bull-board.js';
import { OperatorKey } from './security/operator-key.js';
import { protect } from './security/protect.js';

/** Starts the console. @param overrides for specs: environment, logger, process */
export function startConsole(
  overrides: Pick<BootstrapOptions<typeof configurationSchema>, 'env' | 'logger' | 'process'> = {},
): Promise<RunningService<Configuration>> {
  return bootstrapService({
    service: 'console',
    configuration: configurationSchema,
    module: (configuration) => ConsoleModule.forRoot(configuration),
    configure: async (app, configuration) => {
      // Nest's adapter and the plugins disagree on Fastify's type parameters only.
      const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
      await protect(server, new OperatorKey(configuration.CONSOLE_KEY_SHA256));
      await serveBullBoard(server, app.get(JobQueues), queueConnectionFrom(configuration).backend);
    },
    ...overrides,
  });
}
