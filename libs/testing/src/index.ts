export { dispatcherConformance, type DispatcherMaker } from './dispatcher-conformance.js';
export { EngineHarness, type ToldFact } from './engine-harness.js';
export { historyStoreConformance, type HistoryStoreMaker } from './history-store-conformance.js';
export { InMemoryDispatcher } from './in-memory-dispatcher.js';
export { InMemoryHistoryStore, type CommitFault } from './in-memory-history-store.js';
export { ManualClock } from './manual-clock.js';
export { CANCELLED, ScriptedSandbox, ScriptedWorkflow, type WorkflowScript } from './scripted-sandbox.js';
export { SeededIds } from './seeded-ids.js';
export type { TestFramework } from './test-framework.js';
