import type { Failure } from './failure.js';
import type { Headers } from './headers.js';
import type { JsonValue } from './json.js';

/** Version of the envelopes on the work wire. A worker refuses an envelope of a version it does not know. */
export const ENVELOPE_VERSION = 1;

/** One attempt of one activity: the data of one BullMQ job. Job name: `activityType`; job id: {@link activityJobId}. */
export interface ActivityJob {
  envelopeVersion: typeof ENVELOPE_VERSION;
  kind: 'activity';
  workflowId: string;
  runId: string;
  workflowType: string;
  scheduledEventId: number;
  activityId: string;
  activityType: string;
  /** The idempotency key (law L4): fixed by run and scheduling event, never by the attempt. See {@link activityKey}. */
  key: string;
  /** From 1. */
  attempt: number;
  /** From 1; counts how often this attempt was put on the queue (recovery adds it again under a new job id). */
  dispatch: number;
  /** The activity's arguments. */
  input: JsonValue[];
  /** Present on undos: the inbox first puts a tombstone under the step's key. */
  undoOf?: { key: string; activityType: string };
  /** Present after an operator's edit: a tombstone goes under this key first; refused if its effect has happened. */
  supersedesKey?: string;
  scheduledAtMs: number;
  startToCloseTimeoutMs?: number;
  heartbeatTimeoutMs?: number;
  /** Enforced by the engine: the worker reports at once that the attempt has begun. */
  scheduleToStartTimeoutMs?: number;
  /** Absolute; an attempt must not start after it. */
  scheduleToCloseDeadlineMs?: number;
  /** How the attempt before ended. Shown in Bull Board. */
  lastFailure?: Failure;
  /** Details of the last heartbeat of an earlier attempt, if known. */
  heartbeatDetails?: JsonValue;
  /** The queue that takes the outcome. */
  replyTo: string;
  /** W3C trace context. */
  traceparent?: string;
  /** What interceptors of the workflow sent along. Absent: nothing. */
  headers?: Headers;
}

/** How one attempt ended; or, with the status `running`, that it is under way (law L8): sent only where a policy needs it, never for an ordinary short attempt. */
export interface ActivityOutcome {
  workflowId: string;
  runId: string;
  scheduledEventId: number;
  attempt: number;
  dispatch: number;
  key: string;
  startedAtMs: number;
  /** Of a running attempt: when it last gave a sign of life. */
  finishedAtMs: number;
  /** The worker, e.g. `inventory@host:4711`. */
  identity: string;
  /** The result was stored by an earlier delivery and is only repeated here. */
  repeated?: boolean;
  /** Details of the attempt's last heartbeat, if it failed or is under way: a hint for the next attempt's `heartbeatDetails`. */
  heartbeatDetails?: JsonValue;
  outcome:
    | { status: 'completed'; result: JsonValue }
    | { status: 'failed'; failure: Failure }
    | { status: 'canceled'; details?: JsonValue[] }
    /** `completesOutside`: the handler has returned, the result comes later, by task token or by ids; no job stands for the attempt any more. */
    | { status: 'running'; completesOutside?: boolean };
}

/** What an outcome says that ends its attempt. */
export type AttemptEnding = Exclude<ActivityOutcome['outcome'], { status: 'running' }>;

/** Data of one reply job: the outcomes of many attempts. Job name: `outcomes`. */
export interface OutcomeBatchJob {
  envelopeVersion: typeof ENVELOPE_VERSION;
  kind: 'outcomes';
  outcomes: ActivityOutcome[];
}

/** The idempotency key of a step: run and scheduling event; an operator's edit makes a new revision. */
export function activityKey(runId: string, scheduledEventId: number, revision = 0): string {
  return revision === 0 ? `${runId}/${scheduledEventId}` : `${runId}/${scheduledEventId}/r${revision}`;
}

/** The BullMQ job id of one dispatch of one attempt. */
export function activityJobId(job: Pick<ActivityJob, 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch'>): string {
  return `${job.runId}-${job.scheduledEventId}-${job.attempt}-${job.dispatch}`;
}
