import type {
  ActivityAction,
  ActivityActionRequest,
  ActivityHeartbeatResponse,
  ActivityOutcome,
  Headers,
  HistoryEventAttributes,
  IncidentAction,
  JsonValue,
  PauseWorkflowRequest,
  ResolveIncidentRequest,
  StartWorkflowRequest,
  TerminateWorkflowResponse,
  UpdateOutcome,
  UpdateWorkflowRequest,
  WorkflowExecution,
} from '@backstitch/protocol';
import type { RunRecord } from '../ports/history-store.js';
import type { ChildClosing, RunCall, RunCallAnswer, RunCallOrigin } from '../ports/run-messenger.js';
import type { NewRun } from '../run/new-run.js';
import type { LocalActivityEnd } from '../run/run-extras.js';
import type { ServiceNote } from '../service-note.js';
import type { CancelRequest, TerminateRequest } from './apply-cancellation.js';

/** Where the answer to a message goes. */
export interface Reply<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A request to start, known to be valid. */
export interface StartMessage {
  type: 'start';
  request: StartWorkflowRequest;
  requestFingerprint: string;
  /** The closed run of the same workflow id whose place the new one takes. */
  replacesRunId?: string;
  /** What a child's first event says besides. */
  childOf?: Pick<Started, 'parentWorkflowExecution' | 'parentInitiatedEventId' | 'rootWorkflowExecution' | 'buildId'>;
  reply: Reply<StartOutcome>;
}

/** Whether the run was made. */
export type StartOutcome = { status: 'started'; runId: string } | { status: 'exists'; existing: RunRecord };

type Started = HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'];

/** A run that begins with a history: of a fork. */
export interface CreateMessage {
  type: 'create';
  newRun: NewRun;
  reply: Reply<'created' | 'exists'>;
}

/** Another run takes this one's place, which ends if it is running. */
export interface SupersedeMessage {
  type: 'supersede';
  newRun: NewRun;
  reason: string;
  identity?: string;
  /** A reset: the new run goes on with this one's children, and was made from this history. */
  reset?: { baseRunId: string; baseNextEventId: number };
  reply: Reply<'superseded' | 'changed'>;
}

/** An update: may be refused without a trace. */
export interface UpdateMessage {
  type: 'update';
  workflowId: string;
  request: UpdateWorkflowRequest;
  reply: Reply<UpdateProgress>;
}

/** How far an update has come. */
export type UpdateProgress =
  | { status: 'accepted'; runId: string; outcome?: UpdateOutcome }
  /** The run cannot take it just now: it is held, paused, or has not begun. */
  | { status: 'waiting'; runId: string }
  /** The run goes on as this one, and has not seen the update. */
  | { status: 'continued'; runId: string };

/** What workflow code is asked; changes nothing. */
export interface QueryMessage {
  type: 'query';
  workflowId: string;
  queryName: string;
  args: JsonValue[];
  headers?: Headers;
  reply: Reply<JsonValue>;
}

export interface OutcomeMessage {
  type: 'outcome';
  outcome: ActivityOutcome;
  reply: Reply<void>;
}

export interface ResolveIncidentMessage {
  type: 'resolveIncident';
  workflowId: string;
  incidentNumber: number;
  action: IncidentAction;
  request: ResolveIncidentRequest;
  reply: Reply<void>;
}

/** What an operator, or whoever completes an activity from outside, does to it. */
export interface ActivityActionMessage {
  type: 'activityAction';
  workflowId: string;
  activityId: string;
  action: ActivityAction;
  request: ActivityActionRequest;
  /** Only `heartbeat` has something to say. */
  reply: Reply<ActivityHeartbeatResponse | undefined>;
}

/** The engine's own: a cancelled activity's attempt will not begin any more. */
export interface CancelledBeforeStartMessage {
  type: 'cancelledBeforeStart';
  scheduledEventId: number;
  reply: Reply<void>;
}

export interface SignalMessage {
  type: 'signal';
  workflowId: string;
  signalName: string;
  args: JsonValue[];
  identity?: string;
  headers?: Headers;
  requestId?: string;
  /** Another run sends it. */
  origin?: RunCallOrigin;
  reply: Reply<void>;
}

/** A child says how it ended. Answered with false if the run has closed meanwhile. */
export interface ChildClosedMessage {
  type: 'childClosed';
  initiatedEventId: number;
  execution: WorkflowExecution;
  closing: ChildClosing;
  reply: Reply<boolean>;
}

/** What came back of a call to another run. */
export interface CallAnsweredMessage {
  type: 'callAnswered';
  call: RunCall;
  answer: RunCallAnswer;
  reply: Reply<void>;
}

/** What changes a run, or may. */
export type ChangeMessage =
  | SignalMessage
  | ({ type: 'cancel'; workflowId: string; reply: Reply<void> } & CancelRequest)
  | ({ type: 'terminate'; workflowId: string; reply: Reply<TerminateWorkflowResponse> } & TerminateRequest)
  | ({ type: 'pause' | 'unpause'; workflowId: string; reply: Reply<void> } & PauseWorkflowRequest)
  | SupersedeMessage
  | ChildClosedMessage
  | CallAnsweredMessage
  | { type: 'resumeCalls'; reply: Reply<void> }
  /** What the run owed when it closed is done. */
  | { type: 'afterCloseDone'; reply: Reply<void> }
  | { type: 'localActivityEnded'; end: LocalActivityEnd; reply: Reply<void> }
  | OutcomeMessage
  | ResolveIncidentMessage
  | ActivityActionMessage
  | CancelledBeforeStartMessage
  | { type: 'serviceNote'; note: ServiceNote; reply: Reply<void> }
  | { type: 'wake'; reply: Reply<void> }
  | { type: 'redispatch'; reply: Reply<void> };

/** What waits in the mailbox of one run. */
export type RunMessage = StartMessage | CreateMessage | UpdateMessage | QueryMessage | ChangeMessage | { type: 'evict'; reply: Reply<void> };

/** How a message was answered; the caller learns of it after the commit. */
export type Answer =
  /** `value`: what the caller is told, if not just that it is done. */
  | { status: 'done'; value?: unknown }
  | { status: 'refused'; error: unknown }
  /** The state in memory is older than what the message speaks of: load the run again. */
  | { status: 'behind' };

export const DONE: Answer = { status: 'done' };

export function refused(error: unknown): Answer {
  return { status: 'refused', error };
}

/** A message as its sender words it; the engine adds where the answer goes. */
export type Unsent<M extends RunMessage> = M extends RunMessage ? Omit<M, 'reply'> : never;
