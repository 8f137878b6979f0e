/**
 * Workflow code and all that is needed to run it, made at build time by `bundleWorkflows`. Plain JSON: production needs this one file, no sources and
 * no bundler.
 */
export interface WorkflowBundle {
  /** Version of this format. */
  bundleVersion: 1;
  /** The workflows as the source of a factory: called once per run. */
  code: string;
  /** Modules that all runs share, as the source of a factory; '' if there are none. */
  sharedCode: string;
  /** What runs inside the sandbox's context before them. */
  runtimeCode: string;
  /** The worker thread's program. */
  workerCode: string;
  /** Source map (version 3, JSON) of `code`. */
  sourceMap: string;
  workflowTypes: string[];
}
