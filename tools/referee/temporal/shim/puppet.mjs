/**
 * For histories of which there is no workflow code: a workflow that decides what the history says, and nothing of its own. So the core sees whether such a
 * history can be at all: kinds, ids and order of events. What each workflow task decided comes in the memo.
 */
import { workflowInfo } from '@temporalio/workflow';

export default function puppet() {
  return new Promise(() => undefined);
}

export const interceptors = () => {
  let task = 0;
  const decided = new Set();
  return {
    internals: [
      {
        activate: (input, next) => {
          task = Number(input.activation.historyLength);
          input.activation.jobs = (input.activation.jobs ?? []).filter((job) => job.initializeWorkflow != null);
          return next(input);
        },
        concludeActivation: (input, next) => {
          if (decided.has(task)) return next({ commands: [] });
          decided.add(task);
          const commands = workflowInfo().memo?.commands?.[task] ?? [];
          return next({ commands: commands.map(commandOf) });
        },
      },
    ],
  };
};

const WAIT_CANCELLATION_COMPLETED = 1;

function commandOf({ eventType, attributes }) {
  switch (eventType) {
    case 'ACTIVITY_TASK_SCHEDULED': {
      const { activityId, activityType, taskQueue } = attributes;
      return { scheduleActivity: { seq: Number(activityId), activityId, activityType, taskQueue, cancellationType: WAIT_CANCELLATION_COMPLETED } };
    }
    case 'ACTIVITY_TASK_CANCEL_REQUESTED':
      return { requestCancelActivity: { seq: attributes.seq } };
    case 'TIMER_STARTED':
      return { startTimer: { seq: Number(attributes.timerId), startToFireTimeout: { seconds: attributes.seconds } } };
    case 'TIMER_CANCELED':
      return { cancelTimer: { seq: Number(attributes.timerId) } };
    case 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES':
      return { upsertWorkflowSearchAttributes: { searchAttributes: { indexedFields: {} } } };
    case 'WORKFLOW_PROPERTIES_MODIFIED':
      return { modifyWorkflowProperties: { upsertedMemo: { fields: {} } } };
    case 'WORKFLOW_EXECUTION_COMPLETED':
      return { completeWorkflowExecution: {} };
    case 'WORKFLOW_EXECUTION_FAILED':
      return { failWorkflowExecution: { failure: { message: 'as recorded' } } };
    case 'WORKFLOW_EXECUTION_CANCELED':
      return { cancelWorkflowExecution: {} };
    default:
      throw new TypeError(`The puppet cannot decide ${eventType}.`);
  }
}
