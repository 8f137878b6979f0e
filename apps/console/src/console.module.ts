import { ControlClient } from '@backstitch/client';
import { JobQueues } from '@backstitch/queues';
import { LOGGER, queueConnectionFrom } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from './configuration.js';
import { HomeController } from './home/home.controller.js';
import { OverviewService, WATCHED_PROCESSES } from './home/overview.service.js';
import { RunService } from './run/run-service.js';
import { RunController } from './run/run.controller.js';
import { watchedProcesses } from './watched-processes.js';

@Module({})
export class ConsoleModule implements OnApplicationShutdown {
  constructor(
    @Inject(JobQueues) private readonly queues: JobQueues,
    @Inject(ControlClient) private readonly client: ControlClient,
  ) {}

  static forRoot(configuration: Configuration): DynamicModule {
    return {
      module: ConsoleModule,
      controllers: [HomeController, RunController],
      providers: [
        OverviewService,
        RunService,
        { provide: WATCHED_PROCESSES, useValue: watchedProcesses(configuration.CONTROL_URL, configuration.STACK_HEALTH_URLS) },
        {
          provide: ControlClient,
          useFactory: () => new ControlClient({ url: configuration.CONTROL_URL, token: configuration.CONTROL_TOKEN, timeoutMs: 3_000 }),
        },
        {
          provide: JobQueues,
          inject: [LOGGER],
          useFactory: (logger: Logger) => new JobQueues(queueConnectionFrom(configuration), { logger }),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.queues.close(), this.client.close()]);
  }
}
