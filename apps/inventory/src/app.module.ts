import { ActivityHost, activityMetrics, ActivityModule } from '@backstitch/activity';
import { DatabaseModule, HealthRegistry, queueConnectionFrom, sharePool, type ServiceContext } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InventoryActivities } from './activities/inventory-activities.js';
import { InventoryUndos } from './activities/inventory-undos.js';
import type { InventoryConfiguration } from './configuration.js';
import { StockIntakeService } from './intake/stock-intake.service.js';
import { migrations } from './migrations/index.js';
import { ReservationService } from './reservations/reservation.service.js';
import { ReturnService } from './returns/return.service.js';

/** Attempts under way get this share of the whole grace; the rest is for HTTP and the database. */
const ACTIVITY_GRACE_SHARE = 0.8;

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
            connection: queueConnectionFrom(configuration),
            ...sharePool(configuration.DATABASE_POOL_MAX),
            graceMs: Math.floor(configuration.SHUTDOWN_GRACE_MS * ACTIVITY_GRACE_SHARE),
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
