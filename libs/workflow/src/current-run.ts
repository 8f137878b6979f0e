import type { CancellationScope } from './cancellation-scope.js';
import { IllegalStateError } from './illegal-state-error.js';
import { scopeOrUndefined } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

/** What a function of the authoring API says where there is no workflow. */
export function outside(name: string): IllegalStateError {
  return new IllegalStateError(`${name} works in workflow code only: it was called outside of the sandbox.`);
}

/** The scope that the calling code belongs to. @throws IllegalStateError where there is no workflow */
export function scopeFor(name: string): CancellationScope {
  const scope = scopeOrUndefined();
  if (scope === undefined) throw outside(name);
  return scope;
}

/** The run that the calling code belongs to. @throws IllegalStateError where there is no workflow */
export function runFor(name: string): WorkflowRun {
  return scopeFor(name).workflowRun;
}

/** Whether the calling code is that of a workflow. */
export function inWorkflowContext(): boolean {
  return scopeOrUndefined() !== undefined;
}
