export { orderWorkflow } from './order.workflow.js';
export { returnWorkflow } from './return.workflow.js';
export { stockIntakeWorkflow } from './stock-intake.workflow.js';
