/** What a simulated service has in common with a real one: neither Nest nor a database is needed for it. For testing libraries. */
export type { ActivityInfo, UndoneStep } from '../context/activity-info.js';
export { AttemptInfo } from '../context/attempt-info.js';
export { ApplicationFailure, applicationFailure, CancelledFailure } from '../errors/application-failure.js';
export { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
export { attemptTimeout } from '../errors/timeout-failure.js';
export { toFailure } from '../errors/to-failure.js';
export { AttemptEndedError } from '../errors/usage-errors.js';
export type { Claim, Claimed } from '../inbox/inbox.js';
export { inputHash } from '../inbox/input-hash.js';
export { effectAlreadyHappened, idempotencyKeyReused, stepStillRunning, stepUndone } from '../inbox/refusals.js';
export { serializePayload } from '../inbox/serialize-payload.js';
export {
  inboxConformance,
  type ConformanceFramework,
  type ExternalSubject,
  type InboxMaker,
  type InboxRowView,
  type InboxSubject,
  type TransactionalSubject,
} from './inbox-conformance.js';
