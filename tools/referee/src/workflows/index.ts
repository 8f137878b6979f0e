export { randomWorkflow } from './random.workflow.js';
