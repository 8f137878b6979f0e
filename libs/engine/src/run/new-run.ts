import type { HistoryEvent, HistoryEventAttributes } from '@backstitch/protocol';

/** A run that begins in the same commit as an event of another one. */
export interface NewRun {
  workflowId: string;
  runId: string;
  partition: number;
  requestFingerprint: string;
  /** The run of the same workflow id that ceases to be the current one; undefined: there is none. */
  replacesRunId: string | undefined;
  /** Its first event … */
  started?: HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'];
  /** … and a signal that comes with it; */
  signal?: HistoryEventAttributes['WORKFLOW_EXECUTION_SIGNALED'];
  /** or the history that it begins with: of a reset or a fork. */
  events?: readonly HistoryEvent[];
}
