export { bundle } from './bundle.mjs';
export { pruneLock } from './prune-lock.mjs';
export { workspacePackages } from './workspace.mjs';
