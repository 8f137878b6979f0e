import { LIMITS, RESERVED_SIGNAL_PREFIX, type ActivationInfo, type ActivationJob, type ActivityResolution, type HistoryEventAttributes } from '@backstitch/protocol';
import { activityFailure } from '../failures.js';
import { closedResolution, startResolution } from './children.js';
import { externalCallFailure } from './external-calls.js';
import type { LocalActivityEnd } from './run-extras.js';
import type { OpenActivity, RunState, UnhandledEvent } from './run-state.js';

/** From where on a history is long: `continueAsNewSuggested`. */
export interface HistoryLimits {
  eventsWarn: number;
  bytesWarn: number;
  eventsMax: number;
  bytesMax: number;
}

export const DEFAULT_HISTORY_LIMITS: HistoryLimits = {
  eventsWarn: LIMITS.historyEventsWarn,
  bytesWarn: LIMITS.historyBytesWarn,
  eventsMax: LIMITS.historyEventsMax,
  bytesMax: LIMITS.historyBytesMax,
};

/** What workflow code is told besides events. */
export interface ActivationExtras {
  /** Patches whose markers stand among the commands of this very task. Replay only. */
  patchIds?: readonly string[];
  /** Updates that are new, or that this very task accepted. */
  updates?: readonly DoUpdateJob[];
  localActivityEnds?: readonly LocalActivityEnd[];
}

export type DoUpdateJob = Extract<ActivationJob, { type: 'doUpdate' }>;

/**
 * What workflow code has to be told of events that it has not seen. The only such function: a live workflow task and its replay get the same jobs
 * because they are made here from the same events. Order: initialise, patches, random seed, signals and updates, then results, timers and the
 * cancellation as they stand in the history (in runs of version 1 the cancellation comes first), local activities.
 */
export function activationJobsOf(state: Pick<RunState, 'unhandled' | 'runtimeVersion' | 'runId'>, extras?: ActivationExtras): ActivationJob[] {
  const initialise: ActivationJob[] = [];
  const signals: ActivationJob[] = [];
  const cancellations: ActivationJob[] = [];
  const resolutions: ActivationJob[] = [];
  let randomSeed: ActivationJob | undefined;
  for (const unhandled of state.unhandled) {
    const { event } = unhandled;
    switch (event.eventType) {
      case 'WORKFLOW_EXECUTION_STARTED': {
        const { workflowType, input, randomnessSeed, runtimeVersion } = event.attributes;
        initialise.push({ type: 'initializeWorkflow', workflowType, args: input, randomnessSeed, ...(runtimeVersion === undefined ? {} : { runtimeVersion }) });
        break;
      }
      case 'WORKFLOW_TASK_FAILED':
        randomSeed = { type: 'updateRandomSeed', randomnessSeed: event.attributes.newRunId };
        break;
      case 'WORKFLOW_EXECUTION_SIGNALED': {
        const { signalName, input, header, identity } = event.attributes;
        if (!signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
          // Runs of version 1 were not told who sent a signal.
          const sender = identity === undefined || state.runtimeVersion < 2 ? {} : { identity };
          signals.push({ type: 'signalWorkflow', signalName, args: input, ...(header === undefined ? {} : { headers: header }), ...sender });
        }
        break;
      }
      case 'WORKFLOW_EXECUTION_CANCEL_REQUESTED': {
        const { cause } = event.attributes;
        const jobs = state.runtimeVersion < 2 ? cancellations : resolutions;
        jobs.push({ type: 'cancelWorkflow', ...(cause === undefined ? {} : { reason: cause }) });
        break;
      }
      case 'ACTIVITY_TASK_COMPLETED':
      case 'ACTIVITY_TASK_FAILED':
      case 'ACTIVITY_TASK_TIMED_OUT':
      case 'ACTIVITY_TASK_CANCELED':
        if (unhandled.activity !== undefined && isAwaited(unhandled.activity)) {
          resolutions.push({ type: 'resolveActivity', seq: seqOf(unhandled.activity), resolution: resolutionOf(unhandled.activity, event) });
        }
        break;
      case 'TIMER_FIRED':
        if (unhandled.timer !== undefined) {
          resolutions.push({ type: 'fireTimer', seq: Number(unhandled.timer.timerId) });
        }
        break;
      default: {
        const job = callJobOf(unhandled);
        if (job !== undefined) {
          resolutions.push(job);
        }
      }
    }
  }
  if (extras !== undefined) {
    initialise.push(...(extras.patchIds ?? []).map((patchId): ActivationJob => ({ type: 'notifyHasPatch', patchId })));
    signals.push(...(extras.updates ?? []));
    resolutions.push(...(extras.localActivityEnds ?? []).map(({ seq, resolution }): ActivationJob => ({ type: 'resolveLocalActivity', seq, resolution })));
  }
  if (randomSeed !== undefined) {
    initialise.push(randomSeed);
  }
  return [...initialise, ...signals, ...cancellations, ...resolutions];
}

/** What comes back from other runs. Other events are of the engine's own making. */
function callJobOf({ event, child, externalCall }: UnhandledEvent): ActivationJob | undefined {
  switch (event.eventType) {
    case 'CHILD_WORKFLOW_EXECUTION_STARTED':
    case 'START_CHILD_WORKFLOW_EXECUTION_FAILED':
      return child === undefined || child.isGivenUp
        ? undefined
        : { type: 'resolveChildWorkflowStart', seq: child.initiated.attributes.seq, resolution: startResolution(child, event) };
    case 'CHILD_WORKFLOW_EXECUTION_COMPLETED':
    case 'CHILD_WORKFLOW_EXECUTION_FAILED':
    case 'CHILD_WORKFLOW_EXECUTION_CANCELED':
    case 'CHILD_WORKFLOW_EXECUTION_TIMED_OUT':
    case 'CHILD_WORKFLOW_EXECUTION_TERMINATED':
      return child === undefined || child.isGivenUp
        ? undefined
        : { type: 'resolveChildWorkflow', seq: child.initiated.attributes.seq, resolution: closedResolution(child, event) };
    case 'EXTERNAL_WORKFLOW_EXECUTION_SIGNALED':
    case 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED': {
      if (externalCall?.attributes.seq === undefined) {
        return undefined;
      }
      const { workflowId } = event.attributes.workflowExecution;
      const failed = event.eventType === 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED' ? { failure: externalCallFailure('signal', workflowId) } : {};
      return { type: 'resolveSignalExternalWorkflow', seq: externalCall.attributes.seq, ...failed };
    }
    case 'EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED':
    case 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED': {
      // The cancellation of a child is the child's affair: how it ends tells.
      if (externalCall?.attributes.seq === undefined) {
        return undefined;
      }
      const { workflowId } = event.attributes.workflowExecution;
      const failed = event.eventType === 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED' ? { failure: externalCallFailure('cancel', workflowId) } : {};
      return { type: 'resolveRequestCancelExternalWorkflow', seq: externalCall.attributes.seq, ...failed };
    }
    default:
      return undefined;
  }
}

/** The updates that a reset put into the history to be handled again. Live only: replay takes them from where they were accepted. */
export function admittedUpdatesOf(unhandled: readonly UnhandledEvent[]): DoUpdateJob[] {
  return unhandled.flatMap(({ event }) => (event.eventType === 'WORKFLOW_EXECUTION_UPDATE_ADMITTED' ? doUpdateOf(event.attributes.request, true) : []));
}

/** The job for an update as the history keeps its request. */
export function doUpdateOf({ meta, input }: UpdateRequest, runValidator: boolean): DoUpdateJob {
  return {
    type: 'doUpdate',
    updateId: meta.updateId,
    updateName: input.name,
    args: input.args,
    ...(input.header === undefined ? {} : { headers: input.header }),
    ...(meta.identity === undefined ? {} : { identity: meta.identity }),
    runValidator,
  };
}

/** An update's request as the history keeps it. */
export type UpdateRequest = HistoryEventAttributes['WORKFLOW_EXECUTION_UPDATE_ACCEPTED']['acceptedRequest'];

/** What `workflowInfo()` tells in a workflow task whose WORKFLOW_TASK_STARTED event makes the history that long. */
export function activationInfoOf(
  state: RunState,
  history: { length: number; sizeBytes: number },
  limits: HistoryLimits,
  isReplaying: boolean,
): ActivationInfo {
  return {
    workflowId: state.workflowId,
    runId: state.runId,
    workflowType: state.workflowType,
    taskQueue: state.taskQueue,
    startTimeMs: state.startedAtMs,
    historyLength: history.length,
    historySizeBytes: history.sizeBytes,
    continueAsNewSuggested: history.length >= limits.eventsWarn || history.sizeBytes >= limits.bytesWarn,
    searchAttributes: state.searchAttributes,
    memo: state.memo,
    isReplaying,
    ...(state.extras?.lineage === undefined ? {} : { lineage: state.extras.lineage }),
    // Of a run that is not pinned it may change, and old tasks would be told another one in replay.
    ...(state.extras?.started?.buildId === undefined ? {} : { buildId: state.extras.started.buildId }),
  };
}

/** The number of an activity, as workflow code counts them. */
function seqOf({ activityId, options: { seq } }: OpenActivity): number {
  return seq ?? Number(activityId);
}

/** Under any other type than WAIT_CANCELLATION_COMPLETED the workflow gave the activity up when it asked for its cancellation. */
function isAwaited(activity: OpenActivity): boolean {
  return !activity.cancelRequested || activity.options.cancellationType === 'WAIT_CANCELLATION_COMPLETED';
}

type ClosingEvent = Extract<
  UnhandledEvent['event'],
  { eventType: 'ACTIVITY_TASK_COMPLETED' | 'ACTIVITY_TASK_FAILED' | 'ACTIVITY_TASK_TIMED_OUT' | 'ACTIVITY_TASK_CANCELED' }
>;

function resolutionOf(activity: OpenActivity, event: ClosingEvent): ActivityResolution {
  switch (event.eventType) {
    case 'ACTIVITY_TASK_COMPLETED':
      return { status: 'completed', result: event.attributes.result };
    case 'ACTIVITY_TASK_FAILED': {
      const { failure, retryState, identity } = event.attributes;
      return { status: 'failed', failure: activityFailure(activity, 'failed', retryState, failure, identity) };
    }
    case 'ACTIVITY_TASK_TIMED_OUT': {
      const { failure, retryState } = event.attributes;
      return { status: 'failed', failure: activityFailure(activity, 'timedOut', retryState, failure) };
    }
    case 'ACTIVITY_TASK_CANCELED': {
      const { details, identity } = event.attributes;
      const cause = { message: 'Activity canceled', canceledFailureInfo: details === undefined ? {} : { details } };
      return { status: 'canceled', failure: activityFailure(activity, 'canceled', 'CANCEL_REQUESTED', cause, identity) };
    }
    default: {
      const never: never = event;
      return never;
    }
  }
}
