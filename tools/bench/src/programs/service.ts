/** One service of the bench, as a user would write it: `SERVICE` says which. */
import { ActivityHost, activityMetrics, ActivityModule, connectActivities } from '@backstitch/activity';
import {
  bootstrapService,
  commonConfiguration,
  databaseConfiguration,
  DatabaseModule,
  HealthRegistry,
  integerVariable,
  queueConfiguration,
  queueConnectionFrom,
  type ServiceContext,
} from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { STEP_SERVICES } from '../order.js';
import { migrations } from './migrations.js';
import { answerCoordinator } from './answer-coordinator.js';
import { STEP_MODES, stepControllers } from './step-activities.js';

const configurationSchema = z.object({
  ...commonConfiguration,
  ...databaseConfiguration,
  ...queueConfiguration,
  SERVICE: z.enum(STEP_SERVICES),
  STEP_MODE: z.enum(STEP_MODES),
  /** Steps at once. */
  CONCURRENCY: integerVariable({ min: 1, max: 1_000 }),
  /** Undos at once. */
  COMPENSATION_CONCURRENCY: integerVariable({ min: 1, max: 1_000 }),
});
type Configuration = z.output<typeof configurationSchema>;

@Module({})
class AppModule implements OnModuleInit {
  static forRoot(configuration: Configuration, { logger, metricsRegistry }: ServiceContext): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot({ url: configuration.DATABASE_URL, schema: configuration.SERVICE, migrations, poolMax: configuration.DATABASE_POOL_MAX }),
        ActivityModule.forRootAsync({
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => ({
            service: configuration.SERVICE,
            dataSource,
            connection: queueConnectionFrom(configuration),
            concurrency: configuration.CONCURRENCY,
            compensationConcurrency: configuration.COMPENSATION_CONCURRENCY,
            logger,
            observer: activityMetrics(metricsRegistry),
          }),
        }),
      ],
      controllers: stepControllers(configuration.SERVICE, configuration.STEP_MODE),
    };
  }

  constructor(
    @Inject(ActivityHost) private readonly activities: ActivityHost,
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
  ) {}

  onModuleInit(): void {
    this.health.register('queues', () => this.activities.ping());
  }
}

const { stop } = await bootstrapService({
  service: process.env['SERVICE'] ?? 'bench-service',
  configuration: configurationSchema,
  module: (configuration, context) => AppModule.forRoot(configuration, context),
  configure: (app) => connectActivities(app),
});
answerCoordinator({}, stop);
