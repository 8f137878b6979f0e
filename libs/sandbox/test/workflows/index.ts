export { chainWorkflow, parallelSagaWorkflow, sagaWorkflow, silentStepWorkflow, stubbornBranchWorkflow, tidySagaWorkflow, undeclaredUndoWorkflow } from './saga-workflows.js';
export {
  bufferingWorkflow,
  conditionWorkflow,
  countingWorkflow,
  failingSignalWorkflow,
  lateAwaitWorkflow,
  queryWorkflow,
  randomWorkflow,
  timeLimitWorkflow,
} from './message-workflows.js';
export { abandonWorkflow, cleanUpWorkflow, deafWorkflow, tryCancelWorkflow, waitCancelWorkflow, withdrawnWorkflow } from './cancellation-workflows.js';
export { leakWorkflow, loopWorkflow, microtaskLoopWorkflow, memoryWorkflow, thenableLoopWorkflow, conditionLoopWorkflow } from './hostile-workflows.js';
export { bugWorkflow, businessFailureWorkflow, sagaBugWorkflow } from './failing-workflows.js';
export { interleavingWorkflow } from './interleaving-workflows.js';
