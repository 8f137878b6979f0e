import { chain } from './interceptor-chain.js';
import type { WorkflowExecuteInput, WorkflowInterceptors } from './interceptors.js';
import { headersFromJson } from '@backstitch/protocol/payloads';
import { undoInherited } from './saga-run.js';
import { soon, whenSettled } from './scope-context.js';
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

/**
 * Calls the workflow function, through its interceptors, in the current scope, and tells how it ends: two microtasks after its promise, as in Temporal's runtime, so
 * that what others do meanwhile still counts (legacy: with it). What a run before has left to this one is undone if it fails.
 */
export function callWorkflow(run: WorkflowRun, loaded: LoadedWorkflow, args: unknown[]): void {
  try {
    const called = callThrough(run, loaded, args);
    const ended = run.info.lineage?.carriedUndos === undefined ? called : called.catch((error: unknown) => undoInherited(run, error));
    if (run.isLegacy)
      void ended.then(
        (result) => run.completeWith(result),
        (error: unknown) => run.endWith(error),
      );
    else
      whenSettled(
        ended,
        (result) => twiceSoon(() => run.completeWith(result)),
        (error) => twiceSoon(() => run.endWith(error)),
      );
  } catch (error) {
    if (run.isLegacy) run.endWith(error);
    else soon(() => twiceSoon(() => run.endWith(error)));
  }
}

const twiceSoon = (settle: () => void): void => soon(() => soon(settle));

function callThrough(run: WorkflowRun, { workflow, interceptors }: LoadedWorkflow, args: unknown[]): Promise<unknown> {
  if (interceptors === undefined) return Promise.resolve(workflow(...args));
  const execute = chain(interceptors.inbound, 'execute', async (input: WorkflowExecuteInput) => await workflow(...input.args));
  return Promise.resolve(execute({ args, headers: headersFromJson(run.info.lineage?.headers) }));
}
