import { ActivityHost, activityMetrics, ActivityModule } from '@backstitch/activity';
import { activitySettingsFrom, DatabaseModule, HealthRegistry, type ServiceContext } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InventoryActivities } from './activities/inventory-activities.js';
import { InventoryUndos } from './activities/inventory-undos.js';
import type { InventoryConfiguration } from './configuration.js';
import { StockIntakeService } from './intake/stock-intake.service.js';
import { migrations } from './migrations/index.js';
import { ReservationService } from './reservations/reservation.service.js';
import { ReturnService } from './returns/return.service.js';

@Module({})
export class AppModule implements OnModuleInit {
  static forRoot(configuration: InventoryConfiguration, { service, logger, metricsRegistry }: ServiceContext): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot({
          url: configuration.DATABASE_URL,
          schema: service,
          migrations,
          poolMax: configuration.DATABASE_POOL_MAX,
        }),
        ActivityModule.forRootAsync({
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => ({
            service,
            dataSource,
            ...activitySettingsFrom(configuration),
            retentionMs: configuration.RETENTION_MS,
            taskTokenSecret: configuration.TASK_TOKEN_SECRET,
            logger,
            observer: activityMetrics(metricsRegistry),
          }),
        }),
      ],
      controllers: [InventoryActivities, InventoryUndos],
      providers: [ReservationService, ReturnService, StockIntakeService],
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
