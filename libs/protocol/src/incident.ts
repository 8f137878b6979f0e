import type { Failure } from './failure.js';
import type { JsonValue } from './json.js';

/** Why a run cannot go on, or has not gone on for longer than its policy says (law L7). */
export type IncidentKind =
  /** An undo failed for good: its failure cannot be retried, or its attempts are exhausted. The run waits. */
  | 'UNDO_FAILED'
  /** An undo has not succeeded for 10 minutes (configurable) though it is still retried. Resolves itself on success. */
  | 'UNDO_DELAYED'
  /** Replay produced other commands than the history records. The run is held; nothing is executed. */
  | 'NONDETERMINISM'
  /** Workflow code threw something that is no failure of the workflow, or ran past its time limit. The run is held. */
  | 'WORKFLOW_TASK_FAILED'
  /** The history reached its limit. The run is held. */
  | 'HISTORY_LIMIT';

export type IncidentResolution = 'retry' | 'edit' | 'skip' | 'fail' | 'auto';

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
  divergence?: { eventId: number; recorded: JsonValue; produced: JsonValue };
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
