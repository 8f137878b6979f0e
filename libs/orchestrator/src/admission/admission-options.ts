/** When starts from outside are refused for a while. What runs already, child workflows and undos are never refused. */
export interface AdmissionOptions {
  /**
   * Activities that wait for the answer to their first attempt, on any one task queue, over all replicas; from there on starts are refused. An order waits for about so
   * many divided by what the service does in a second. Default 5,000.
   */
  openActivitiesMax?: number;
  /** Starts that are not committed yet, in this replica. One bulk call may go beyond. Default 1,000. */
  startsUnderWayMax?: number;
  /** Messages that wait in this replica's engine: signals, outcomes, starts. Default 5,000. */
  waitingMessagesMax?: number;
  /** Mean delay of this process' event loop over half a second, in milliseconds; Infinity: whatever it is. Default 1,000. */
  eventLoopDelayMaxMs?: number;
}

export type ResolvedAdmissionOptions = Required<AdmissionOptions>;

export const ADMISSION_DEFAULTS: ResolvedAdmissionOptions = {
  openActivitiesMax: 5_000,
  startsUnderWayMax: 1_000,
  waitingMessagesMax: 5_000,
  eventLoopDelayMaxMs: 1_000,
};

/** Answers what is wrong with the options; undefined if nothing is. */
export function admissionFault(options: ResolvedAdmissionOptions): string | undefined {
  const wrong = Object.entries(options).find(([, value]) => !(value >= 1));
  return wrong === undefined ? undefined : `admission.${wrong[0]} must be at least 1.`;
}
