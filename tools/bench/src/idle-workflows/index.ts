export { sleepingWorkflow } from './sleeping.workflow.js';
