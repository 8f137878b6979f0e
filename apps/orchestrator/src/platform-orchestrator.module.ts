import { ORDER_SEARCH_ATTRIBUTES, SERVICES } from '@backstitch/contracts';
import { OrchestratorModule, type OrchestratorOptions } from '@backstitch/orchestrator';
import { DatabaseModule, LOGGER, METRICS_REGISTRY, queueConnectionFrom } from '@backstitch/service-kit';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { Configuration } from './configuration.js';
import { migrations } from './migrations/index.js';

export const SERVICE = 'orchestrator';

/** The engine with the platform's workflows, services and search attributes. */
@Module({})
export class PlatformOrchestratorModule {
  static forRoot(configuration: Configuration, bundle: NonNullable<OrchestratorOptions['bundle']>): DynamicModule {
    return {
      module: PlatformOrchestratorModule,
      imports: [
        DatabaseModule.forRoot({
          url: configuration.DATABASE_URL,
          schema: SERVICE,
          migrations,
          poolMax: configuration.DATABASE_POOL_MAX,
          applicationName: SERVICE,
        }),
        OrchestratorModule.forRootAsync({
          inject: [DataSource, LOGGER, METRICS_REGISTRY],
          useFactory: (dataSource: DataSource, logger: Logger, metricsRegistry: Registry) => ({
            dataSource,
            queueConnection: queueConnectionFrom(configuration),
            services: SERVICES,
            bundle,
            sandboxThreads: configuration.SANDBOX_THREADS,
            admission: { openActivitiesMax: configuration.ADMISSION_OPEN_ACTIVITIES_MAX },
            searchAttributes: ORDER_SEARCH_ATTRIBUTES,
            controlToken: configuration.CONTROL_TOKEN,
            taskTokenSecret: configuration.TASK_TOKEN_SECRET,
            advertiseUrl: configuration.CONTROL_ADVERTISE_URL,
            buildId: configuration.BUILD_ID,
            versioningBehaviors: configuration.VERSIONING_BEHAVIORS,
            retentionMs: configuration.RETENTION_MS,
            notServedAfterMs: configuration.NOT_SERVED_INCIDENT_AFTER_MS,
            engine: {
              driftIsIncident: configuration.DRIFT_IS_INCIDENT,
              undoIncidentAfterMs: configuration.DELAY_INCIDENT_AFTER_MS,
              forwardIncidentAfterMs: configuration.DELAY_INCIDENT_AFTER_MS,
            },
            logger,
            metricsRegistry,
            stopGraceMs: Math.floor(configuration.SHUTDOWN_GRACE_MS / 2),
          }),
        }),
      ],
    };
  }
}
