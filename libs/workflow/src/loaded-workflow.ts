import { chain } from './interceptor-chain.js';
import type { WorkflowExecuteInput, WorkflowInterceptors } from './interceptors.js';
import { headersFromJson } from '@backstitch/protocol/payloads';
import { undoInherited } from './saga-run.js';
import type { WorkflowRun } from './workflow-run.js';

/** A workflow function as the bundle exports it. */
export type WorkflowFunction = (...args: unknown[]) => unknown;

/** What the bundle has for one run. */
export interface LoadedWorkflow {
  workflow: WorkflowFunction;
  /** Absent: none. */
  interceptors?: WorkflowInterceptors;
  /** Absent: only TemporalFailures fail the workflow. */
  isFailure?: (error: unknown) => boolean;
}

/** Calls the workflow function, through its interceptors. What a run before has left to this one is undone if it fails. @throws what a function that is not async throws */
export function callWorkflow(run: WorkflowRun, loaded: LoadedWorkflow, args: unknown[]): Promise<unknown> {
  const called = callThrough(run, loaded, args);
  return run.info.lineage?.carriedUndos === undefined ? called : called.catch((error: unknown) => undoInherited(run, error));
}

function callThrough(run: WorkflowRun, { workflow, interceptors }: LoadedWorkflow, args: unknown[]): Promise<unknown> {
  if (interceptors === undefined) return Promise.resolve(workflow(...args));
  const execute = chain(interceptors.inbound, 'execute', async (input: WorkflowExecuteInput) => await workflow(...input.args));
  return Promise.resolve(execute({ args, headers: headersFromJson(run.info.lineage?.headers) }));
}
