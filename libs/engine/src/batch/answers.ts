import { InternalError, UpdateRejectedError, WorkflowAlreadyClosedError, WorkflowNotFoundError } from '@backstitch/protocol';
import { activityNotFound } from '../messages/apply-activity-action.js';
import { incidentNotFound } from '../messages/apply-incident-resolution.js';
import { DONE, refused, type Answer, type RunMessage, type UpdateMessage } from '../messages/run-message.js';
import { isServedHere, runOfOtherBuild } from '../run/builds.js';
import type { BatchRun } from './batch-run.js';
import { outcomeOf } from './update-waiters.js';

/** Where the answers to the engine's own messages go. */
export const NOBODY = { resolve: () => undefined, reject: () => undefined };

/** The run is unknown to the store. */
export function answerUnknownRun(message: RunMessage): void {
  switch (message.type) {
    case 'signal':
    case 'cancel':
    case 'terminate':
    case 'pause':
    case 'unpause':
    case 'query':
    case 'update':
    case 'resolveIncident':
    case 'activityAction':
      message.reply.reject(new WorkflowNotFoundError(message.workflowId));
      return;
    case 'supersede':
      message.reply.resolve('changed');
      return;
    case 'childClosed':
      message.reply.resolve(false);
      return;
    case 'start':
    case 'create':
    case 'outcome':
    case 'serviceNote':
    case 'wake':
    case 'redispatch':
    case 'resumeCalls':
    case 'callAnswered':
    case 'afterCloseDone':
    case 'localActivityEnded':
    case 'evict':
    case 'cancelledBeforeStart':
      // Nothing is left to be done for a run that is gone. A start always makes its run.
      (message.reply as { resolve(value?: unknown): void }).resolve();
      return;
    default: {
      const never: never = message;
      return never;
    }
  }
}

/** A message that speaks of what the history, just read, does not know. */
export function answerBeyondHistory(run: BatchRun, message: RunMessage): Answer {
  switch (message.type) {
    case 'resolveIncident':
      return refused(incidentNotFound(run.state.workflowId, message.incidentNumber));
    case 'activityAction':
      return refused(activityNotFound(run.state.workflowId, message.activityId));
    default:
      return DONE;
  }
}

/** What the senders of a run's messages are told, once its part of the commit stands. */
export function answerCommitted(run: BatchRun, message: RunMessage): void {
  switch (message.type) {
    case 'evict':
      return;
    case 'start':
      message.reply.resolve({ status: 'started', runId: run.runId });
      return;
    case 'create':
      message.reply.resolve('created');
      return;
    case 'update':
      answerUpdate(run, message);
      return;
    case 'query': {
      const answer = run.queryResults.get(message);
      if (answer === undefined) {
        message.reply.reject(new InternalError('The query was not answered'));
      } else if ('error' in answer) {
        message.reply.reject(answer.error);
      } else {
        message.reply.resolve(answer.result);
      }
      return;
    }
    default: {
      const answer = run.answerTo(message);
      if (answer?.status === 'refused') {
        message.reply.reject(answer.error);
      } else {
        // Only an answer that says more than that it is done has a value.
        (message.reply as { resolve(value?: unknown): void }).resolve(answer?.status === 'done' ? answer.value : undefined);
      }
    }
  }
}

function answerUpdate({ state, turn, runId, updateRejections }: BatchRun, { request, reply }: UpdateMessage): void {
  const { updateId } = request;
  const known = state.extras?.updates?.get(updateId);
  const rejection = updateRejections?.get(updateId);
  if (known !== undefined) {
    const outcome = outcomeOf(state, updateId);
    reply.resolve({ status: 'accepted', runId, ...(outcome === undefined ? {} : { outcome }) });
  } else if (rejection !== undefined) {
    reply.reject(new UpdateRejectedError(updateId, rejection));
  } else if (state.extras?.continuedToRunId !== undefined) {
    reply.resolve({ status: 'continued', runId: state.extras.continuedToRunId });
  } else if (state.status !== 'RUNNING') {
    reply.reject(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  } else if (!isServedHere(state, turn.settings.versioning)) {
    reply.reject(runOfOtherBuild(state, turn.settings.versioning));
  } else {
    reply.resolve({ status: 'waiting', runId });
  }
}
