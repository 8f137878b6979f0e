/** Reserved task queue of the engine's own activities for locks: the orchestrator's host answers them from its database. */
export const LOCKS_TASK_QUEUE = 'backstitch.locks';

/** Waits its turn for a lock, in order of asking, and gets it. Its undo is {@link RELEASE_LOCK_ACTIVITY}. */
export const ACQUIRE_LOCK_ACTIVITY = 'acquireLock';

/** Gives a lock back, or up: takes effect whether it was granted, is waited for, or was never asked for; then it is never granted for that key any more. */
export const RELEASE_LOCK_ACTIVITY = 'releaseLock';

/** Argument of {@link ACQUIRE_LOCK_ACTIVITY}; that of {@link RELEASE_LOCK_ACTIVITY} is an UndoInput with it. */
export interface LockRequest {
  /** What is locked: a business key such as `account-17`. */
  name: string;
}
