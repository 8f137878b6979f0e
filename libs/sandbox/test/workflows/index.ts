export { chainWorkflow, parallelSagaWorkflow, sagaWorkflow, silentStepWorkflow, stubbornBranchWorkflow, tidySagaWorkflow, undeclaredUndoWorkflow } from './saga-workflows.js';
export {
  bufferingWorkflow,
  conditionWorkflow,
  countingWorkflow,
  failingSignalWorkflow,
  labouringWorkflow,
  lateAwaitWorkflow,
  queryWorkflow,
  randomWorkflow,
  timeLimitWorkflow,
} from './message-workflows.js';
export { abandonWorkflow, cleanUpWorkflow, deafWorkflow, namedTryCancelWorkflow, tryCancelWorkflow, waitCancelWorkflow, withdrawnWorkflow } from './cancellation-workflows.js';
export { conditionLoopWorkflow, doggedWorkflow, immediateLoopWorkflow, leakWorkflow, loopWorkflow, memoryWorkflow, microtaskLoopWorkflow, thenableLoopWorkflow } from './hostile-workflows.js';
export { bugWorkflow, businessFailureWorkflow, sagaBugWorkflow } from './failing-workflows.js';
export { carryingWorkflow, hastySagaWorkflow, heirWorkflow, lockWorkflow, nestedSagaWorkflow, pivotWorkflow, settlingWorkflow } from './saga-extra-workflows.js';
export { interleavingWorkflow } from './interleaving-workflows.js';
export {
  cancelledExternalWorkflow,
  changingWorkflow,
  childOutcomeWorkflow,
  defaultChildIdWorkflow,
  endlessWorkflow,
  executingParentWorkflow,
  externalWorkflow,
  startingParentWorkflow,
  withdrawnChildWorkflow,
} from './child-workflows.js';
export { asyncValidatorWorkflow, defaultHandlersWorkflow, hastyWorkflow, lateUpdateHandlerWorkflow, updatedWorkflow } from './update-workflows.js';
export { byNameWorkflow, cancelledLocalWorkflow, localActivityWorkflow } from './local-activity-workflows.js';
export {
  cancelOrderWorkflow,
  inTimeWorkflow,
  orderWorkflow,
  patchedWorkflow,
  shieldedWorkflow,
  storageWorkflow,
  streamsWorkflow,
  stubbornScopeWorkflow,
  timeoutScopeWorkflow,
  triggerWorkflow,
} from './scope-workflows.js';
export {
  attributesWorkflow,
  declaredFailureWorkflow,
  describedWorkflow,
  globalsWorkflow,
  infoWorkflow,
  tellingWorkflow,
  throwingTimeoutWorkflow,
} from './surface-workflows.js';
