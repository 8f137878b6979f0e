import { ActivityHost, activityMetrics, ActivityModule } from '@backstitch/activity';
import { activitySettingsFrom, DatabaseModule, HealthRegistry, type ServiceContext } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FulfilmentActivities } from './activities/fulfilment-activities.js';
import { FulfilmentUndos } from './activities/fulfilment-undos.js';
import { CARRIER } from './carrier/carrier.js';
import { SimulatedCarrier } from './carrier/simulated-carrier.js';
import type { FulfilmentConfiguration } from './configuration.js';
import { migrations } from './migrations/index.js';
import { CARRIER_PICKUP_AFTER_MS, CarrierPickup } from './shipments/carrier-pickup.js';
import { ShipmentDispatcher } from './shipments/shipment-dispatcher.js';
import { ShipmentService } from './shipments/shipment.service.js';

@Module({})
export class AppModule implements OnModuleInit {
  static forRoot(configuration: FulfilmentConfiguration, { service, logger, metricsRegistry }: ServiceContext): DynamicModule {
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
      controllers: [FulfilmentActivities, FulfilmentUndos],
      providers: [
        { provide: CARRIER, useValue: new SimulatedCarrier(configuration.COUNTRIES_NOT_SERVED) },
        { provide: CARRIER_PICKUP_AFTER_MS, useValue: configuration.CARRIER_PICKUP_AFTER_MS },
        ShipmentService,
        ShipmentDispatcher,
        CarrierPickup,
      ],
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
