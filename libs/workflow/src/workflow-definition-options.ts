/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { PayloadTypeInfo } from './type-info.js';

/** Whether runs stay with the build that started them. */
export const VersioningBehavior = { PINNED: 'PINNED', AUTO_UPGRADE: 'AUTO_UPGRADE' } as const;
export type VersioningBehavior = (typeof VersioningBehavior)[keyof typeof VersioningBehavior];

/** Which build a continued run begins with. */
export const InitialVersioningBehavior = { AUTO_UPGRADE: 'AUTO_UPGRADE', USE_RAMPING_VERSION: 'USE_RAMPING_VERSION' } as const;
export type InitialVersioningBehavior = (typeof InitialVersioningBehavior)[keyof typeof InitialVersioningBehavior];

/** A build of a deployment. */
export interface WorkerDeploymentVersion {
  readonly buildId: string;
  readonly deploymentName: string;
}

/** `deployment.build`. */
export function toCanonicalString({ deploymentName, buildId }: WorkerDeploymentVersion): string {
  return `${deploymentName}.${buildId}`;
}

/** What can be said of a workflow function. */
export interface WorkflowDefinitionOptions {
  versioningBehavior?: VersioningBehavior;
  /** Errors of these classes fail the workflow, like TemporalFailures; `Error` means all. */
  failureExceptionTypes?: (new (...args: any[]) => Error)[];
}

export type WorkflowDefinitionOptionsOrGetter = WorkflowDefinitionOptions | (() => WorkflowDefinitionOptions);

export interface WorkflowStaticOptions {
  typeInfo?: PayloadTypeInfo;
}

export interface WorkflowDefinitionConfig {
  /** May be a function: asked once a run. */
  workflowDefinitionOptions?: WorkflowDefinitionOptionsOrGetter;
  staticOptions?: WorkflowStaticOptions;
}

/** Says something of a workflow function. */
export function setWorkflowOptions<Args extends any[], Result>(options: WorkflowDefinitionOptionsOrGetter, workflow: (...args: Args) => Promise<Result>): void {
  defineWorkflowOptions(workflow, { workflowDefinitionOptions: options });
}

/** Says something of a workflow function. */
export function defineWorkflowOptions<Args extends any[], Result>(workflow: (...args: Args) => Promise<Result>, config: WorkflowDefinitionConfig): void {
  Object.assign(workflow, config);
}

/** What was said of a workflow function. */
export function definitionOptionsOf(workflow: unknown): WorkflowDefinitionOptions | undefined {
  const options = (workflow as WorkflowDefinitionConfig).workflowDefinitionOptions;
  return typeof options === 'function' ? options() : options;
}

/** Whether an error fails a workflow though it is no TemporalFailure. @param names classes' names, for all workflows */
export function failurePredicate(workflow: unknown, names: readonly string[] | undefined): ((error: unknown) => boolean) | undefined {
  const declared = definitionOptionsOf(workflow)?.failureExceptionTypes;
  return declared === undefined && names === undefined ? undefined : predicateOf(declared ?? [], names ?? []);
}

function predicateOf(classes: readonly (new (...args: any[]) => Error)[], names: readonly string[]): (error: unknown) => boolean {
  const everything = classes.includes(Error) || names.includes('Error');
  return (error) => everything || classes.some((type) => error instanceof type) || classNamesOf(error).some((name) => names.includes(name));
}

function classNamesOf(error: unknown): string[] {
  const found: string[] = [];
  if (typeof error !== 'object' || error === null) return found;
  for (let at: unknown = error.constructor; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) found.push(at.name);
  return found;
}
