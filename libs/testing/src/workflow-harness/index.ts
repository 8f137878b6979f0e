export { registerTemporalAliases, TEMPORAL_ALIASES } from './temporal-aliases.js';
export type { InjectedSinkFunction, InjectedSinks, SinkWorkflowInfo } from './injected-sinks.js';
export { defaultActivityInfo, MockActivityEnvironment } from './mock-activity-environment.js';
export { NativeConnection } from './native-connection.js';
export { DefaultLogger, makeTelemetryFilterString, Runtime, type LogEntry, type Logger, type LogLevel, type LogMetadata, type RuntimeOptions } from './runtime.js';
export { TestWorkflowEnvironment, type EnvironmentConnection, type TestWorkflowEnvironmentOptions } from './test-workflow-environment.js';
export { bundleWorkflowCode, Worker, workflowInterceptorModules, type BundleOptions, type WorkerOptions, type WorkflowBundleWithSourceMap } from './worker.js';
