export { OrchestratorModule } from './orchestrator.module.js';
export { OrchestratorHost } from './orchestrator-host.js';
export { OrchestratorOptionsError, type OrchestratorOptions } from './orchestrator-options.js';
export type { LocalActivityContext, LocalActivityFunction } from './local-activities.js';
export { orchestratorMigrations } from './migrations/index.js';
export { SCHEMA as ORCHESTRATOR_SCHEMA } from './store/schema.js';
export { Database, type DatabaseOptions } from './store/database.js';
export { AppendRefusedError, PostgresHistoryStore } from './store/postgres-history-store.js';
export { PartitionCountMismatchError } from './leases/partition-leases.js';
export { InvalidOutcomeEnvelopeError } from './outcomes/outcome-envelope.js';
export { QueueSuspendedError } from './dispatch/queue-dispatcher.js';
export type { VersioningBehavior } from './versioning/build-id.js';
export type { InjectedSinkFunction, InjectedSinks, SinkWorkflowInfo } from './observation/sinks.js';
export type { OrchestratorLogger } from './observation/logger.js';
/** What a host of the module needs of the sandbox, so that it need not import that room. */
export { bundleWorkflows, createInThreadSandbox, createSandbox, type BundleWorkflowsOptions, type SandboxOptions, type WorkflowBundle } from '@backstitch/sandbox';
