/**
 * `applicationFailureInfo.type` of failures that Backstitch itself raises in a service. Non-retryable unless told.
 */
export const FAILURE_TYPE = {
  /** The step's undo has run, or is running: the step is refused for good (law L4). */
  stepUndone: 'BackstitchStepUndone',
  /** The idempotency key was used before with another input (law L4). */
  idempotencyKeyReused: 'BackstitchIdempotencyKeyReused',
  /** An operator edited an input whose effect had already happened (law L7). */
  effectAlreadyHappened: 'BackstitchEffectAlreadyHappened',
  /** No handler of this name in the service that serves the queue. Retryable: a deployment may bring it. */
  activityNotRegistered: 'BackstitchActivityNotRegistered',
  /** Another delivery of the step is still running and did not come free in time. Retryable; no attempt was made, so none is counted. */
  stepStillRunning: 'StepStillRunning',
  /** The job lay on the queue for longer than the service remembers keys. Retryable at once, as a fresh job; no attempt was made, so none is counted. */
  jobExpired: 'BackstitchJobExpired',
  /** The job on the queue is no envelope that this version understands. */
  invalidEnvelope: 'BackstitchInvalidEnvelope',
  /** A payload is larger than the limit of law L9. */
  payloadTooLarge: 'BackstitchPayloadTooLarge',
} as const;
