import type { ENVELOPE_VERSION } from './activity-job.js';

/** Job name of both messages of retention; reserved, as no activity may begin so. */
export const RETENTION_JOB_NAME = 'backstitch.retention';

/** Keys that one run has in a service's inbox. */
export interface RunKeys {
  runId: string;
  keys: string[];
}

/**
 * A service asks which of these runs are gone, on `<service>.outcomes`. A hint (law L1): it may get lost, come twice or come late, and is asked again
 * some time later.
 */
export interface RetentionQuestionJob {
  envelopeVersion: typeof ENVELOPE_VERSION;
  kind: 'retentionQuestion';
  /** At most {@link RETENTION_KEYS_MAX} keys in all. */
  runs: RunKeys[];
}

/** The orchestrator's answer, on `<service>`: a hint too. */
export interface RetentionAnswerJob {
  envelopeVersion: typeof ENVELOPE_VERSION;
  kind: 'retentionAnswer';
  /** Those of the question whose run does not exist any more. */
  gone: RunKeys[];
  /** For how long, in milliseconds, the orchestrator keeps a run after it has closed: so long ago at least did those that are gone close. */
  closedRunsKeptMs: number;
}

/** Keys in one question. */
export const RETENTION_KEYS_MAX = 1_000;
