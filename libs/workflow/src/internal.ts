/**
 * What the sandbox builds its runtime from. Not for workflow authors; may change with any version.
 * @internal
 */
export { createWorkflowApi, SHARED_API, UNNAMED_SHARED, type ApiOfRun, type WorkflowApi } from './create-workflow-api.js';
export { errorToFailure } from '@backstitch/protocol/failures';
export { IllegalStateError } from './illegal-state-error.js';
export { AsyncLocalStorage } from './async-local-storage.js';
export { CancellationScope } from './cancellation-scope.js';
export { currentScope, installScopePropagation, resetScope, runAsync, runInNestedScope, scopeOrUndefined } from './scope-context.js';
export type { LoadedWorkflow, WorkflowFunction } from './loaded-workflow.js';
export { WorkflowRun } from './workflow-run.js';
export type { WorkflowInterceptorsFactory } from './interceptors.js';
export { definitionOptionsOf, failurePredicate } from './workflow-definition-options.js';
export { sleepIn } from './timers.js';
export { scopeOf } from './activities.js';
export { decodeUtf8, encodeUtf8 } from '@backstitch/protocol/payloads';
export type { PayloadConverter } from '@backstitch/protocol/payloads';
export { convertValues } from './value-conversion.js';
export { confirmRecurring, takeRecurringJson, withdrawRecurring } from './recurring-json.js';
