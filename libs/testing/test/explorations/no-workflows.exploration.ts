import { fileURLToPath } from 'node:url';
import { defineExploration } from '../../src/index.js';

/** Names a file of workflows that is not there. */
export default defineExploration('parallelOrder', {
  workflowsPath: fileURLToPath(new URL('./missing-workflows.ts', import.meta.url)),
  state: () => ({}),
  activities: {},
  invariant: () => undefined,
});
