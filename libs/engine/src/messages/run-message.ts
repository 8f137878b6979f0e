import type { ActivityOutcome, IncidentAction, JsonValue, ResolveIncidentRequest, StartWorkflowRequest, StartWorkflowResult } from '@backstitch/protocol';

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
  reply: Reply<StartWorkflowResult>;
}

/** What workflow code is asked; changes nothing. */
export interface QueryMessage {
  type: 'query';
  workflowId: string;
  queryName: string;
  args: JsonValue[];
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

/** The engine's own: a cancelled activity's attempt will not begin any more. */
export interface CancelledBeforeStartMessage {
  type: 'cancelledBeforeStart';
  scheduledEventId: number;
  reply: Reply<void>;
}

/** What changes a run, or may. */
export type ChangeMessage =
  | { type: 'signal'; workflowId: string; signalName: string; args: JsonValue[]; identity?: string; reply: Reply<void> }
  | { type: 'cancel'; workflowId: string; reason?: string; identity?: string; reply: Reply<void> }
  | { type: 'terminate'; workflowId: string; reason: string; identity?: string; reply: Reply<void> }
  | OutcomeMessage
  | ResolveIncidentMessage
  | CancelledBeforeStartMessage
  | { type: 'wake'; reply: Reply<void> }
  | { type: 'redispatch'; reply: Reply<void> };

/** What waits in the mailbox of one run. */
export type RunMessage = StartMessage | QueryMessage | ChangeMessage | { type: 'evict'; reply: Reply<void> };

/** How a message was answered; the caller learns of it after the commit. */
export type Answer =
  | { status: 'done' }
  | { status: 'refused'; error: unknown }
  /** The state in memory is older than what the message speaks of: load the run again. */
  | { status: 'behind' };

export const DONE: Answer = { status: 'done' };

export function refused(error: unknown): Answer {
  return { status: 'refused', error };
}
