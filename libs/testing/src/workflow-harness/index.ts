export { loadClientConnectConfig, type ClientConnectConfig } from './client-config.js';
export { registerTemporalAliases, TEMPORAL_ALIASES } from './temporal-aliases.js';
export type { InjectedSinkFunction, InjectedSinks, SinkWorkflowInfo } from './injected-sinks.js';
export { defaultActivityInfo, MockActivityEnvironment, type MockActivityEnvironmentOptions } from './mock-activity-environment.js';
export { NativeConnection } from './native-connection.js';
export { DefaultLogger, makeTelemetryFilterString, Runtime, type LogEntry, type Logger, type LogLevel, type LogMetadata, type RuntimeOptions } from './runtime.js';
export { InMemoryWorkflowEnvironment, type TimeSkippingTestWorkflowEnvironmentOptions } from './in-memory-environment.js';
export {
  ExistingServerHasWorkersError,
  ExistingServerWorkflowEnvironment,
  type ExistingServerConnectionOptions,
  type ExistingServerTestWorkflowEnvironmentOptions,
} from './existing-environment.js';
export { LocalWorkflowEnvironment, type LocalServerOptions, type LocalTestWorkflowEnvironmentOptions } from './local-environment.js';
export { TestWorkflowEnvironment, type ClientOptionsForTestEnv, type EnvironmentConnection } from './test-workflow-environment.js';
export { LocalServerError, LocalServerPackageMissingError } from '../local-server/local-server-errors.js';
export { HistoriesUnreadableError, readHistories } from './read-histories.js';
export { ReplayError, ReplayFailedError, replayHistories, replayHistory, type ReplayHistoriesIterable, type ReplayResult, type ReplayWorkerOptions } from './replay-histories.js';
export { Worker, workflowInterceptorModules } from './worker.js';
export { bundleWorkflowCode, WorkflowBundleWithSourceMap } from './worker-bundle.js';
export type { BundleOptions, WorkerOptions, WorkerPlugin } from './worker-options.js';
export type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  ActivityInterceptors,
  ActivityInterceptorsFactory,
  ActivityOutboundCallsInterceptor,
  WorkerInterceptors,
} from './activity-interceptors.js';
