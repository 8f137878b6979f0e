export { InMemoryInbox, type InboxRow } from './in-memory-inbox.js';
export {
  external,
  resumable,
  transaction,
  withDefect,
  type ExternalContext,
  type ResumableContext,
  type SimulatedActivities,
  type SimulatedActivity,
  type SimulatedContext,
  type SimulatedDefect,
} from './simulated-activity.js';
export { SimulatedAttempt, type AttemptReply } from './simulated-attempt.js';
export { SimulatedServices, type SimulatedServicesOptions } from './simulated-services.js';
export { TransactionConflictError } from './transaction-conflict-error.js';
