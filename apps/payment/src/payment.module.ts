import { ActivityHost, ActivityModule, activityMetrics } from '@backstitch/activity';
import { activitySettingsFrom, DatabaseModule, HealthRegistry, LOGGER, METRICS_REGISTRY } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { PaymentActivities } from './activities/payment-activities.js';
import { PaymentUndos } from './activities/payment-undos.js';
import { ChargeService } from './charges/charge-service.js';
import { ChargeStore } from './charges/charge-store.js';
import { concurrencies, SIMULATOR_API_KEY, type Configuration } from './configuration.js';
import { migrations } from './migrations/index.js';
import { PAYMENT_PROVIDER } from './provider/payment-provider.js';
import { StripePaymentProvider } from './provider/stripe-payment-provider.js';
import { RefundSender } from './refunds/refund-sender.js';
import { RefundStore } from './refunds/refund-store.js';
import { ReturnRefundService } from './refunds/return-refund-service.js';
import { ReversalService } from './refunds/reversal-service.js';

export const SERVICE = 'payment';

@Module({})
export class PaymentModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(PAYMENT_PROVIDER) private readonly provider: StripePaymentProvider,
    @Inject(ActivityHost) private readonly activities: ActivityHost,
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
  ) {}

  static forRoot(configuration: Configuration): DynamicModule {
    return {
      module: PaymentModule,
      imports: [
        DatabaseModule.forRoot({
          url: configuration.DATABASE_URL,
          schema: SERVICE,
          migrations,
          poolMax: configuration.DATABASE_POOL_MAX,
          applicationName: SERVICE,
        }),
        ActivityModule.forRootAsync({
          inject: [DataSource, LOGGER, METRICS_REGISTRY],
          useFactory: (dataSource: DataSource, logger: Logger, metricsRegistry: Registry) => ({
            service: SERVICE,
            dataSource,
            ...activitySettingsFrom(configuration),
            retentionMs: configuration.RETENTION_MS,
            taskTokenSecret: configuration.TASK_TOKEN_SECRET,
            ...concurrencies(configuration.DATABASE_POOL_MAX),
            logger,
            observer: activityMetrics(metricsRegistry),
          }),
        }),
      ],
      controllers: [PaymentActivities, PaymentUndos],
      providers: [
        ChargeStore,
        RefundStore,
        RefundSender,
        ChargeService,
        ReversalService,
        ReturnRefundService,
        {
          provide: PAYMENT_PROVIDER,
          useFactory: () =>
            new StripePaymentProvider({
              apiKey: configuration.STRIPE_API_KEY ?? SIMULATOR_API_KEY,
              apiBase: configuration.STRIPE_API_BASE,
              timeoutMs: configuration.STRIPE_TIMEOUT_MS,
            }),
        },
      ],
    };
  }

  onModuleInit(): void {
    this.health.register('queues', () => this.activities.ping());
  }

  onApplicationShutdown(): void {
    this.provider.close();
  }
}
