import 'reflect-metadata';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { readConfiguration } from '../configuration/read-configuration.js';
import { commonConfiguration } from '../configuration/shapes.js';
import { HealthRegistry } from '../health/health-registry.js';
import { createLogger } from '../logging/create-logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { createMetricsRegistry } from '../metrics/create-metrics-registry.js';
import { installFatalHandlers } from '../process/fatal-handlers.js';
import { installGracefulStop } from '../process/graceful-stop.js';
import type { ProcessPort } from '../process/process-port.js';
import { ServiceKitModule } from '../service-kit.module.js';
import { startTracing } from '../tracing/start-tracing.js';
import { observeHttp } from './http-observation.js';
import { PortInUseError } from './port-in-use-error.js';

/** A schema with at least the keys of {@link commonConfiguration}. */
export type ServiceConfigurationSchema = z.ZodObject<typeof commonConfiguration>;

/** What a service's module may be built from. */
export interface ServiceContext {
  service: string;
  logger: Logger;
  metricsRegistry: Registry;
  healthRegistry: HealthRegistry;
}

export interface BootstrapOptions<S extends ServiceConfigurationSchema> {
  /** Name in logs, metrics and traces. */
  service: string;
  /** The schema itself; it is read here, so that bad variables are reported like any other failure to start. */
  configuration: S;
  /** The service's root module, made from what was read. ServiceKitModule is added beside it. */
  module: (configuration: z.output<S>, context: ServiceContext) => Type | DynamicModule;
  /** Called before anything is initialised: pipes, filters, plugins, `app.connectMicroservice(…)`. Microservices are started after it. */
  configure?: (app: NestFastifyApplication, configuration: z.output<S>, context: ServiceContext) => Promise<void> | void;
  /** Laid over the defaults: body 1 MiB, request 30 s. */
  fastify?: FastifyServerOptions;
  /** For specs. Default: the process's own. */
  env?: Readonly<Record<string, string | undefined>>;
  process?: ProcessPort;
  logger?: Logger;
}

export interface RunningService<C> {
  app: NestFastifyApplication;
  configuration: C;
  logger: Logger;
  /** Where it listens, e.g. `http://127.0.0.1:3002`. */
  url: string;
  /** Ends everything that was started, without exiting. */
  stop(): Promise<void>;
}

/** A start that failed has this long to release what it took. */
const FAILED_START_CLOSE_MS = 3_000;

@Module({})
class ServiceRootModule {}

/**
 * Starts a service: configuration, logs, traces, fatal handlers, Nest on Fastify with health and metrics, migrations (by the modules), HTTP, and
 * last the microservices; `/health/ready` is 503 until all of it is up, and again from the first SIGTERM or SIGINT on.
 *
 * A start that fails is logged as fatal and ends the process with 1: ConfigurationError, DatabaseUnreachableError, {@link PortInUseError} and
 * whatever a module throws. Where `exit` returns (in specs) the error is thrown.
 */
export async function bootstrapService<S extends ServiceConfigurationSchema>(options: BootstrapOptions<S>): Promise<RunningService<z.output<S>>> {
  const target: ProcessPort = options.process ?? process;
  const removals: (() => void)[] = [];
  let logger = options.logger ?? createLogger({ service: options.service });
  let app: NestFastifyApplication | undefined;
  const healthRegistry = new HealthRegistry();
  let stopTracing: () => Promise<void> = async () => undefined;

  const stop = async () => {
    healthRegistry.markStopping();
    await app?.close();
    await stopTracing();
    for (const remove of removals.splice(0)) remove();
  };

  try {
    const configuration = readConfiguration<S>(options.configuration, options.env);
    // The compiler can't see through the generic that these are the common variables.
    const common = configuration as z.output<ServiceConfigurationSchema>;
    logger = options.logger ?? createLogger({ service: options.service, level: common.LOG_LEVEL });
    removals.push(installFatalHandlers(logger, target), installGracefulStop({ logger, graceMs: common.SHUTDOWN_GRACE_MS, stop, target }));
    const tracing = startTracing({ service: options.service, endpoint: common.OTEL_EXPORTER_OTLP_ENDPOINT });
    stopTracing = () => tracing.stop();

    const context: ServiceContext = { service: options.service, logger, healthRegistry, metricsRegistry: createMetricsRegistry(options.service) };
    const root: DynamicModule = {
      module: ServiceRootModule,
      imports: [ServiceKitModule.forRoot({ ...context, configuration }), options.module(configuration, context)],
    };
    const adapter = new FastifyAdapter({ bodyLimit: 1_048_576, requestTimeout: 30_000, forceCloseConnections: 'idle', ...options.fastify });
    observeHttp(adapter.getInstance(), context.metricsRegistry);
    app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: new NestLogger(logger), abortOnError: false });
    await options.configure?.(app, configuration, context);

    const url = await listen(app, common.HOST, common.PORT);
    await app.startAllMicroservices();
    healthRegistry.markRunning();
    logger.info({ url }, 'ready');
    return { app, configuration, logger, url, stop };
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'could not start');
    let timer: NodeJS.Timeout | undefined;
    const closeTimeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAILED_START_CLOSE_MS);
    });
    await Promise.race([stop().catch(() => undefined), closeTimeout]);
    clearTimeout(timer);
    target.exit(1);
    throw error;
  }
}

async function listen(app: NestFastifyApplication, host: string, port: number): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new PortInUseError(host, port, { cause: error });
    throw error;
  }
  const address = app.getHttpServer().address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
}
