export { dispatcherConformance, type DispatcherMaker } from './dispatcher-conformance.js';
export { EngineHarness, type ToldFact } from './engine-harness.js';
export { defineExploration, type ExplorationDefinition } from './explorer/exploration-definition.js';
export { explore } from './explorer/explore.js';
export { exploreInThreads, type ExploreInThreadsOptions } from './explorer/explore-in-threads.js';
export type { ExploredWorkflow, ExploreMessage, ExploreOptions, ExploreProgress, ExploreReport } from './explorer/explore-options.js';
export {
  ActivityStandsStillError,
  ExplorationHangsError,
  ExploreOptionError,
  InvariantBrokenError,
  ScheduleNotFollowedError,
  ScheduleTextError,
  type ExploreFailure,
  type ExploreFailureKind,
} from './explorer/explorer-errors.js';
export type { ExploredEnd, ExploredRun, Invariant } from './explorer/play.js';
export { FAULTS, formatSchedule, parseSchedule, type FaultKind, type Schedule, type ScheduleEvent } from './explorer/schedule.js';
export type { LocalActivityHandler } from './explorer/simulated-local-activities.js';
export { bundleOf, historyCollector, type CollectedRun, type HistoryCollector } from './history-collector.js';
export { historyStoreConformance, type HistoryStoreMaker } from './history-store-conformance.js';
export { idsConformance } from './ids-conformance.js';
export { InMemoryDispatcher } from './in-memory-dispatcher.js';
export { InMemoryHistoryStore, type CommitFault } from './in-memory-history-store.js';
export { InMemoryLocalActivities, type LocalActivityFunction } from './in-memory-local-activities.js';
export { localActivitiesConformance, type ConformanceLocalActivity, type LocalActivitiesMaker } from './local-activities-conformance.js';
export { ManualClock } from './manual-clock.js';
export { runMessengerConformance, type RunMessengerMaker } from './run-messenger-conformance.js';
export { scheduleStoreConformance, timersConformance, type ScheduleStoreMaker, type TimersMaker } from './schedule-store-conformance.js';
export { CANCELLED, ScriptContinued, ScriptedSandbox, ScriptFailed, ScriptedWorkflow, type WorkflowScript } from './scripted-sandbox.js';
export { SeededIds } from './seeded-ids.js';
export {
  external,
  resumable,
  transaction,
  type ExternalContext,
  type ResumableContext,
  type SimulatedActivities,
  type SimulatedActivity,
  type SimulatedContext,
} from './simulated-services/simulated-activity.js';
export { SimulatedServices, type SimulatedServicesOptions } from './simulated-services/simulated-services.js';
export { SimulatedAttempt, type AttemptReply } from './simulated-services/simulated-attempt.js';
export { TransactionConflictError } from './simulated-services/transaction-conflict-error.js';
export { WorkWire, type WireAttempt, type WorkWireConnection } from './work-wire.js';
export type { TestFramework } from './test-framework.js';
