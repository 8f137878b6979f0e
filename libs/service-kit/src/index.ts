export { ConfigurationError, type ConfigurationViolation } from './configuration/configuration-error.js';
export { readConfiguration, type ConfigurationSchema } from './configuration/read-configuration.js';
export {
  commonConfiguration,
  databaseConfiguration,
  queueConfiguration,
  retentionConfiguration,
  taskTokenConfiguration,
  type CommonConfiguration,
  type DatabaseConfiguration,
  type QueueConfiguration,
} from './configuration/shapes.js';
export { booleanVariable, commaSeparatedVariable, httpUrlsVariable, httpUrlVariable, integerVariable, portVariable, postgresUrlVariable } from './configuration/variables.js';
export { activitySettingsFrom, type ActivitySettings } from './configuration/activity-settings.js';
export { queueConnectionFrom, type QueueConnection } from './configuration/queue-connection.js';
export type { Logger } from 'pino';
export { createLogger, type LoggerOptions } from './logging/create-logger.js';
export { NestLogger } from './logging/nest-logger.js';
export { redactText } from './logging/redact-text.js';
export { HealthRegistry, type HealthCheck, type HealthCheckOptions, type HealthCheckResult, type Readiness } from './health/health-registry.js';
export { createMetricsRegistry } from './metrics/create-metrics-registry.js';
export { ServiceKitModule, type ServiceKitOptions } from './service-kit.module.js';
export { CONFIGURATION, LOGGER, METRICS_REGISTRY, SERVICE_NAME } from './tokens.js';
export { createDataSource, type DataSourceSettings, type MigrationClass } from './database/create-data-source.js';
export { advisoryLockId, migrate } from './database/migrate.js';
export { connectWithRetry, type ConnectRetryOptions } from './database/connect-with-retry.js';
export { openDataSource } from './database/open-data-source.js';
export { queryRows } from './database/query-rows.js';
export { sharePool, type PoolShares } from './database/share-pool.js';
export { DatabaseUnreachableError } from './database/database-unreachable-error.js';
export { DatabaseModule } from './database/database.module.js';
export { startTracing, type Tracing, type TracingOptions } from './tracing/start-tracing.js';
export { startSpan, traceparentOf, withSpan, type SpanOptions } from './tracing/spans.js';
export { installFatalHandlers } from './process/fatal-handlers.js';
export { installGracefulStop, type GracefulStopOptions } from './process/graceful-stop.js';
export type { ProcessPort } from './process/process-port.js';
export {
  bootstrapService,
  type BootstrapOptions,
  type RunningService,
  type ServiceConfigurationSchema,
  type ServiceContext,
} from './bootstrap/bootstrap-service.js';
export { PortInUseError } from './bootstrap/port-in-use-error.js';
