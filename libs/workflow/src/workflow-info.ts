import type { JsonObject, SearchAttributes } from '@backstitch/protocol';

/** What a run knows of itself. Temporal's names. Constant within one activation. */
export interface WorkflowInfo {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly startTime: Date;
  /** Events in the history so far. */
  readonly historyLength: number;
  /** Bytes of the history so far. */
  readonly historySize: number;
  /** The history has grown past the point where a new run should take over. */
  readonly continueAsNewSuggested: boolean;
  readonly searchAttributes: SearchAttributes;
  readonly memo: JsonObject;
  readonly unsafe: {
    /** Recorded history is applied again. Never decide by it. */
    readonly isReplaying: boolean;
  };
}
