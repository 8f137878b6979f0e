import type {
  Failure,
  HistoryEvent,
  HistoryEventAttributes,
  IncidentDivergence,
  LocalActivityMarkerDetails,
  LocalActivityResolution,
  RetryState,
  RunLineage,
  UpdateOutcome,
  WorkflowCommand,
} from '@backstitch/protocol';
import type { RunState } from './run-state.js';

/** A child, open or closed. */
export interface Child {
  readonly initiated: HistoryEvent<'START_CHILD_WORKFLOW_EXECUTION_INITIATED'>;
  /** Its first run's id, fixed by its parent's history. */
  readonly runId: string;
  startedEventId?: number;
  /** It closed, or was never started: nothing more is to come. */
  isClosed: boolean;
  /** TRY_CANCEL, cancelled: how it ends is of no interest, and is not recorded. */
  isGivenUp: boolean;
}

/** A signal or a cancellation on its way to another run. */
export type ExternalCall =
  | HistoryEvent<'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED'>
  | HistoryEvent<'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED'>;

/** An update that the run accepted. */
export interface KnownUpdate {
  readonly updateId: string;
  readonly updateName: string;
  readonly acceptedEventId: number;
  outcome?: UpdateOutcome;
}

export type ScheduledLocalActivity = Extract<WorkflowCommand, { type: 'scheduleLocalActivity' }>;

/** A local activity without a result. Not in the history: known from the code's commands alone. */
export interface LocalActivity {
  readonly command: ScheduledLocalActivity;
  readonly scheduledAtMs: number;
  /** The workflow cancelled it, and waits for it to give up. */
  cancelRequested?: true;
}

/** How a local activity ended, before workflow code was told. */
export interface LocalActivityEnd {
  readonly seq: number;
  readonly details: LocalActivityMarkerDetails;
  readonly resolution: LocalActivityResolution;
  /** Of one that is to be tried again: how its last attempt failed. */
  readonly lastFailure?: Failure;
}

/** What most runs have nothing of. Made when it is first needed, so that the ordinary run pays a single field. */
export interface RunExtras {
  /** As recorded, if it says more than an ordinary start. */
  started?: HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'];
  lineage?: RunLineage;
  /** By number, as workflow code counts them. */
  children?: Map<number, Child>;
  /** Numbers of children by initiated event. */
  childSeqs?: Map<number, number>;
  /** Those without an answer, by initiated event. */
  externalCalls?: Map<number, ExternalCall>;
  updates?: Map<string, KnownUpdate>;
  /** Patches whose marker stands in the history. */
  patches?: Set<string>;
  /** Keys of signals that must not be recorded twice. */
  signalKeys?: Set<string>;
  paused?: { reason: string; identity?: string; sinceMs: number };
  /** Reset and fork: whose events are being folded, as long as they are another run's. */
  originRunId?: string;
  /** Reset and fork: the run that fixed the key of an activity, by scheduling event, where it is another one. */
  keyRunIds?: Map<number, string>;
  localActivities?: Map<number, LocalActivity>;
  /** How many are under way as the record says, as long as its code is not alive: nothing else knows of them. */
  unseenLocalActivities?: number;
  localActivityEnds?: LocalActivityEnd[];
  /** Those whose marker stands in the history. */
  endedLocalActivities?: Set<number>;
  /** A closed run still has to tell its parent or its children. Kept in the record alone. */
  owesCallsAfterClose?: boolean;
  /** As the store has it. */
  committedOpenCalls?: number;
  /** Differences that replay found and that do not hold the run. */
  drift?: IncidentDivergence[];
  /** What its code has set as its details, as far as it was run here. */
  currentDetails?: string;
  /** Of a run that failed or timed out: why it was not tried again. */
  retryState?: RetryState;
  continuedToRunId?: string;
  /** It was reset: another run has its children, and its parent waits for that one. */
  continuesOnReset?: boolean;
  /** Terminated with rollback, whether or not there was anything to undo: so are the children that end with it. */
  rollsBack?: true;
  /** Terminated with rollback, or timed out: the run that undoes this one. */
  rollback?: { workflowId: string; runId: string };
}

export function extrasOf(state: RunState): RunExtras {
  return (state.extras ??= {});
}

/** The run that fixes ids of what the next events begin: this one, save in the copied part of a reset's or fork's history. */
export function originRunIdOf(state: RunState): string {
  return state.extras?.originRunId ?? state.runId;
}

/** Calls without an answer, of an open run; what it still owes, of a closed one. Undefined if it never had any. */
export function openCallsOf(state: RunState): number | undefined {
  const { extras } = state;
  if (extras === undefined) {
    return undefined;
  }
  const open = state.status === 'RUNNING' ? openCallCount(extras) : extras.owesCallsAfterClose === true ? 1 : 0;
  return open === 0 && extras.committedOpenCalls === undefined ? undefined : open;
}

function openCallCount({ children, externalCalls, localActivities, unseenLocalActivities }: RunExtras): number {
  let open = (externalCalls?.size ?? 0) + (localActivities?.size ?? 0) + (unseenLocalActivities ?? 0);
  for (const child of children?.values() ?? []) {
    open += child.isClosed || child.isGivenUp ? 0 : 1;
  }
  return open;
}
