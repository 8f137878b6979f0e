import type { Failure } from './failure.js';
import type { JsonValue } from './json.js';

/** Why a run cannot go on, or has not gone on for longer than its policy says (law L7). */
export type IncidentKind =
  /** An undo failed for good: its failure cannot be retried, or its attempts are exhausted. The run waits. */
  | 'UNDO_FAILED'
  /** An undo has not succeeded for 10 minutes (configurable) though it is still retried. Resolves itself on success. */
  | 'UNDO_DELAYED'
  /** A pivot, or a step beyond one, has not succeeded for 10 minutes (configurable); it is still tried. Resolves itself on success. */
  | 'STEP_DELAYED'
  /** A rollback met a pivot whose outcome is not known. It is held until a person lets it undo, or ends it. */
  | 'PIVOT_IN_DOUBT'
  /** No replica has run the build that the run is pinned to, or that was set as the current one, for longer than the policy says, and something is due. Resolves itself. */
  | 'BUILD_NOT_SERVED'
  /** Replay produced other commands than the history records. The run is held; nothing is executed. */
  | 'NONDETERMINISM'
  /** Workflow code threw something that is no failure of the workflow, or ran past its time limit. The run is held. */
  | 'WORKFLOW_TASK_FAILED'
  /** The history reached its limit. The run is held. */
  | 'HISTORY_LIMIT'
  /** A deployment that treats drift as an incident: replay produced other inputs or options than the history records. The run is held. */
  | 'DRIFT'
  /** Nobody has taken an attempt of an activity off its queue for longer than the policy says. Resolves itself. */
  | 'QUEUE_NOT_SERVED';

/** `rollback`: the run is terminated, and a linked system run undoes its steps. */
export type IncidentResolution = 'retry' | 'edit' | 'skip' | 'fail' | 'rollback' | 'auto';

/** An open or resolved incident of a run. */
export interface Incident {
  /** Number within its run, from 1. */
  incidentNumber: number;
  kind: IncidentKind;
  openedAtMs: number;
  message: string;
  /** The activity concerned, for the UNDO kinds. */
  scheduledEventId?: number;
  failure?: Failure;
  /** For NONDETERMINISM: what the history records and what the code produced, side by side. */
  divergence?: IncidentDivergence;
  resolution?: { action: IncidentResolution; reason: string; identity: string; resolvedAtMs: number };
}

/** Payload of the reserved signal that records an incident's opening. */
export type IncidentOpenedSignal = Pick<Incident, 'incidentNumber' | 'kind' | 'message' | 'scheduledEventId'>;

/** Payload of the reserved signal that records an incident's resolution. */
export interface IncidentResolvedSignal {
  incidentNumber: number;
  action: IncidentResolution;
  reason: string;
  identity: string;
  scheduledEventId?: number;
  /** `edit`: the new input. `skip`: the result that the workflow gets instead (default null). */
  value?: JsonValue;
}

/** Both sides of a difference between a history and what the code does today. */
export interface IncidentDivergence {
  eventId: number;
  recorded: JsonValue;
  produced: JsonValue;
  /** The line of workflow code that produced it, source-mapped, e.g. `src/workflows/order.ts:42:11`; where it is known. */
  producedAt?: string;
}
