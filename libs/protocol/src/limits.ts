/** Limits of law L9 that both ends of a wire must agree on. */
export const LIMITS = {
  /** One payload (an argument list, a result, failure details), as UTF-8 JSON. */
  payloadBytesMax: 2 * 1024 * 1024,
  /** A history gets a warning and `continueAsNewSuggested` from here on … */
  historyEventsWarn: 4_096,
  historyBytesWarn: 4 * 1024 * 1024,
  /** … and is refused further events here. */
  historyEventsMax: 51_200,
  historyBytesMax: 50 * 1024 * 1024,
  workflowIdLengthMax: 255,
  /** Outcomes in one reply job. */
  outcomesPerReplyMax: 100,
  /** Starts in one control call. */
  startsPerCallMax: 500,
  /** Rows in one page of a list. */
  pageSizeMax: 500,
} as const;
