export { bundleWorkflows, type BundleWorkflowsOptions } from './bundle-workflows.js';
export { WorkflowBundleError } from './bundle-error.js';
export { buildSandboxRuntime, type SandboxRuntime } from './build-sandbox-runtime.js';
export { CodecSandbox } from './codec-sandbox.js';
export { createInThreadSandbox } from './create-in-thread-sandbox.js';
export { createSandbox, type SandboxOptions } from './create-sandbox.js';
export { SandboxClosedError } from './worker-runner.js';
export { WorkflowBundleVersionError, type WorkflowBundle } from './workflow-bundle.js';
