export { WorkflowClient, type StartedWorkflow, type StartOptions } from './workflow-client.js';
export { WorkflowHandle } from './workflow-handle.js';
export type { WorkflowClientOptions } from './client-options.js';
export { OrchestratorUnreachableError, ResultTimeoutError, UnexpectedControlAnswerError, WorkflowFailedError } from './errors.js';
export { ClientModule } from './client.module.js';
