/** The orchestrator of the bench: the engine with the bench's workflow, wired as the platform's own is. */
import { readFile } from 'node:fs/promises';
import { OrchestratorModule, orchestratorMigrations, type OrchestratorOptions } from '@backstitch/orchestrator';
import {
  bootstrapService,
  commonConfiguration,
  databaseConfiguration,
  DatabaseModule,
  integerVariable,
  LOGGER,
  METRICS_REGISTRY,
  queueConfiguration,
  queueConnectionFrom,
} from '@backstitch/service-kit';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { STEP_SERVICES } from '../order.js';
import { answerCoordinator } from './answer-coordinator.js';

const SERVICE = 'orchestrator';

const configurationSchema = z.object({
  ...commonConfiguration,
  ...databaseConfiguration,
  ...queueConfiguration,
  CONTROL_TOKEN: z.string().min(16),
  SANDBOX_THREADS: integerVariable({ min: 1, max: 64 }).default(1),
  /** File that holds the bundled workflow code. */
  WORKFLOW_BUNDLE: z.string(),
});
type Configuration = z.output<typeof configurationSchema>;

@Module({})
class AppModule {
  static forRoot(configuration: Configuration, bundle: NonNullable<OrchestratorOptions['bundle']>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot({
          url: configuration.DATABASE_URL,
          schema: SERVICE,
          migrations: orchestratorMigrations,
          poolMax: configuration.DATABASE_POOL_MAX,
        }),
        OrchestratorModule.forRootAsync({
          inject: [DataSource, LOGGER, METRICS_REGISTRY],
          useFactory: (dataSource: DataSource, logger: Logger, metricsRegistry: Registry) => ({
            dataSource,
            queueConnection: queueConnectionFrom(configuration),
            services: STEP_SERVICES,
            bundle,
            sandboxThreads: configuration.SANDBOX_THREADS,
            controlToken: configuration.CONTROL_TOKEN,
            logger,
            metricsRegistry,
            stopGraceMs: Math.floor(configuration.SHUTDOWN_GRACE_MS / 2),
          }),
        }),
      ],
    };
  }
}

const bundle = JSON.parse(await readFile(process.env['WORKFLOW_BUNDLE'] ?? '', 'utf8')) as NonNullable<OrchestratorOptions['bundle']>;
const { stop } = await bootstrapService({
  service: SERVICE,
  configuration: configurationSchema,
  module: (configuration) => AppModule.forRoot(configuration, bundle),
});
answerCoordinator({}, stop);
