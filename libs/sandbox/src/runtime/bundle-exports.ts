import { definitionOptionsOf, failurePredicate, type LoadedWorkflow, type WorkflowFunction, type WorkflowInterceptorsFactory } from '@backstitch/workflow/internal';

/** What the bundler adds to what the workflows' module exports: see bundleWorkflows. */
export const INTERCEPTORS_PREFIX = '__backstitchInterceptors';
export const FAILURE_TYPES_EXPORT = '__backstitchFailureTypes';
export const PAYLOAD_CONVERTER_EXPORT = '__backstitchPayloadConverter';

/** The name under which a module of workflows exports interceptors of its own; never a workflow type. */
const OWN_INTERCEPTORS = 'interceptors';
/** The workflow of every type that has none of its own. */
const DEFAULT_WORKFLOW = 'default';

const FIRST_INTERCEPTORS = `${INTERCEPTORS_PREFIX}0`;

type Exports = Record<string, unknown>;

/** Names of the workflows among what a bundle exports. */
export function workflowTypesOf(exported: Exports): string[] {
  return Object.keys(exported).filter((name) => typeof exported[name] === 'function' && name !== OWN_INTERCEPTORS && !name.startsWith(INTERCEPTORS_PREFIX));
}

/** Those among the workflows whose runs are to stay with their build. */
export function pinnedTypesOf(exported: Exports): string[] {
  return workflowTypesOf(exported).filter((name) => definitionOptionsOf(exported[name])?.versioningBehavior === 'PINNED');
}

/** The workflow of that type with what goes with it. @throws ReferenceError when there is none; TypeError for interceptors that are no function */
export function loadedWorkflow(exported: Exports, workflowType: string): LoadedWorkflow {
  const workflow = workflowOf(exported, workflowType);
  const failureTypes = exported[FAILURE_TYPES_EXPORT] as readonly string[] | undefined;
  const isFailure = failurePredicate(workflow, failureTypes);
  const factories = exported[OWN_INTERCEPTORS] !== undefined || exported[FIRST_INTERCEPTORS] !== undefined ? factoriesOf(exported) : [];
  if (factories.length === 0) return isFailure === undefined ? { workflow } : { workflow, isFailure };
  const made = factories.map((factory) => factory());
  const interceptors = {
    inbound: made.flatMap(({ inbound = [] }) => inbound),
    outbound: made.flatMap(({ outbound = [] }) => outbound),
    internals: made.flatMap(({ internals = [] }) => internals),
  };
  return { workflow, isFailure, interceptors };
}

function workflowOf(exported: Exports, workflowType: string): WorkflowFunction {
  const found = Object.hasOwn(exported, workflowType) && workflowType !== OWN_INTERCEPTORS && !workflowType.startsWith(INTERCEPTORS_PREFIX) ? exported[workflowType] : undefined;
  if (typeof found === 'function') return found as WorkflowFunction;
  const fallback = Object.hasOwn(exported, DEFAULT_WORKFLOW) ? exported[DEFAULT_WORKFLOW] : undefined;
  if (typeof fallback === 'function') return fallback as WorkflowFunction;
  throw new ReferenceError(`The bundle exports no workflow "${workflowType}".`);
}

/** Those of modules given to the bundler first, in their order; then the workflows' own. */
function factoriesOf(exported: Exports): WorkflowInterceptorsFactory[] {
  const names = Object.keys(exported)
    .filter((name) => name.startsWith(INTERCEPTORS_PREFIX))
    .sort((left, right) => Number(left.slice(INTERCEPTORS_PREFIX.length)) - Number(right.slice(INTERCEPTORS_PREFIX.length)));
  if (OWN_INTERCEPTORS in exported) names.push(OWN_INTERCEPTORS);
  return [...new Set(names.map((name) => exported[name]))].map((factory) => {
    if (typeof factory !== 'function') throw new TypeError(`A module's interceptors must be a function that gives them, not ${typeof factory}.`);
    return factory as WorkflowInterceptorsFactory;
  });
}
