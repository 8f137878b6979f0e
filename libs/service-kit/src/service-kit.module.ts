import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { HealthController } from './health/health.controller.js';
import { HealthRegistry } from './health/health-registry.js';
import { createLogger } from './logging/create-logger.js';
import { createMetricsRegistry } from './metrics/create-metrics-registry.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { CONFIGURATION, LOGGER, METRICS_REGISTRY, SERVICE_NAME } from './tokens.js';

export interface ServiceKitOptions {
  service: string;
  /** Default: a new one at level `info`. */
  logger?: Logger;
  /** Default: a new one. */
  metricsRegistry?: Registry;
  /** Default: a new one, in the state starting. */
  healthRegistry?: HealthRegistry;
  /** What {@link CONFIGURATION} gives. Default `{}`. */
  configuration?: unknown;
}

/** Global: `/health/live`, `/health/ready`, `/metrics`, and the providers HealthRegistry, LOGGER, METRICS_REGISTRY, CONFIGURATION, SERVICE_NAME. */
@Module({})
export class ServiceKitModule {
  static forRoot(options: ServiceKitOptions): DynamicModule {
    const providers = [
      { provide: SERVICE_NAME, useValue: options.service },
      { provide: LOGGER, useValue: options.logger ?? createLogger({ service: options.service }) },
      { provide: METRICS_REGISTRY, useValue: options.metricsRegistry ?? createMetricsRegistry(options.service) },
      { provide: CONFIGURATION, useValue: options.configuration ?? {} },
      { provide: HealthRegistry, useValue: options.healthRegistry ?? new HealthRegistry() },
    ];
    return {
      module: ServiceKitModule,
      global: true,
      controllers: [HealthController, MetricsController],
      providers,
      exports: providers.map((provider) => provider.provide),
    };
  }
}
