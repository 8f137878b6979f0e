/**
 * What the sandbox builds its runtime from. Not for workflow authors; may change with any version.
 * @internal
 */
export { createWorkflowApi, SHARED_API, type ApiOfRun, type WorkflowApi } from './create-workflow-api.js';
export { errorToFailure } from './failure-conversion.js';
export { IllegalStateError } from './illegal-state-error.js';
export { currentScope, installScopePropagation, resetScope, runAsync, scopeOrUndefined } from './scope-context.js';
export { WorkflowRun, type WorkflowFunction } from './workflow-run.js';
export { takeRecurringJson } from './recurring-json.js';
