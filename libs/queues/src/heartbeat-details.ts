/** The details of the last heartbeat that a job's progress shows, as `JobQueues.heartbeat` has left it; undefined if there was none. */
export function heartbeatDetailsOf(progress: unknown): unknown {
  // A job that nobody has reported of has the progress 0: a first heartbeat of 0 is no loss as a hint.
  if (typeof progress === 'number') return progress === 0 ? undefined : progress;
  return typeof progress === 'object' && progress !== null && 'details' in progress ? progress.details : undefined;
}
