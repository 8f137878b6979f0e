/** The version of bundles that this version of the library makes and runs. */
export const BUNDLE_VERSION = 5;

/**
 * Workflow code and all that is needed to run it, made at build time by `bundleWorkflows`. Plain JSON: production needs this one file, no sources and
 * no bundler.
 */
export interface WorkflowBundle {
  /** Version of this format: of what is in it, and of how the host talks to it. */
  bundleVersion: typeof BUNDLE_VERSION;
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
  /** Those of them that the code declares as PINNED, by `setWorkflowOptions`. Absent: none. */
  pinnedWorkflowTypes?: string[];
  /** Whether a library in it makes functions of text while it runs, as protobufjs does: then that library can, and no other code of the bundle. Absent: none. */
  generatesCode?: true;
}

/** The bundle was made by a version of this library that this one does not understand. Bundle the workflows again. */
export class WorkflowBundleVersionError extends Error {
  override readonly name = 'WorkflowBundleVersionError';
  readonly code = 'WORKFLOW_BUNDLE_VERSION';
  constructor(readonly found: unknown) {
    super(`The workflow bundle has version ${String(found)}, and version ${BUNDLE_VERSION} is needed: bundle the workflows again.`);
  }
}

/** @throws WorkflowBundleVersionError */
export function checkBundleVersion({ bundleVersion }: { bundleVersion: unknown }): void {
  if (bundleVersion !== BUNDLE_VERSION) throw new WorkflowBundleVersionError(bundleVersion);
}
