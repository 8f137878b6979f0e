export { benchOrderWorkflow } from './bench-order.workflow.js';
