import { type HistoryEventAttributes, type WorkflowCommand } from '@backstitch/protocol';
import { InvalidCommandError, type UnplacedEvent } from './unplaced-event.js';
import type { RunState } from './run-state.js';

type Command<T extends WorkflowCommand['type']> = Extract<WorkflowCommand, { type: T }>;

export function startChildEvent(command: Command<'startChildWorkflow'>, workflowTaskCompletedEventId: number): UnplacedEvent {
  const { seq, workflowId, workflowType, args, options, headers } = command;
  return {
    eventType: 'START_CHILD_WORKFLOW_EXECUTION_INITIATED',
    attributes: { seq, workflowId, workflowType, input: args, ...(headers === undefined ? {} : { header: headers }), workflowTaskCompletedEventId, ...options },
  };
}

/** Undefined if the child has closed, if nobody waits for it any more, or if it is to be left alone. */
export function cancelChildEvent(state: RunState, { seq, reason }: Command<'cancelChildWorkflow'>, workflowTaskCompletedEventId: number): UnplacedEvent | undefined {
  const child = state.extras?.children?.get(seq);
  if (child === undefined || child.isClosed || child.isGivenUp || child.initiated.attributes.cancellationType === 'ABANDON') {
    return undefined;
  }
  const { workflowId } = child.initiated.attributes;
  return {
    eventType: 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
    attributes: {
      workflowExecution: { workflowId, ...(child.startedEventId === undefined ? {} : { runId: child.runId }) },
      childWorkflowOnly: true,
      ...(reason === undefined ? {} : { reason }),
      workflowTaskCompletedEventId,
    },
  };
}

export function cancelExternalEvent(command: Command<'requestCancelExternalWorkflow'>, workflowTaskCompletedEventId: number): UnplacedEvent {
  const { seq, workflowId, runId, reason } = command;
  return {
    eventType: 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
    attributes: {
      seq,
      workflowExecution: { workflowId, ...(runId === undefined ? {} : { runId }) },
      ...(reason === undefined ? {} : { reason }),
      workflowTaskCompletedEventId,
    },
  };
}

/** @param startedChildren workflow ids of children that this task starts, by number */
export function signalExternalEvent(
  state: RunState,
  command: Command<'signalExternalWorkflow'>,
  startedChildren: ReadonlyMap<number, string>,
  workflowTaskCompletedEventId: number,
): UnplacedEvent {
  const { seq, target, signalName, args, headers } = command;
  const common = { signalName, input: args, ...(headers === undefined ? {} : { header: headers }), workflowTaskCompletedEventId };
  const eventType = 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED';
  if (!('childSeq' in target)) {
    const { workflowId, runId } = target;
    return { eventType, attributes: { seq, workflowExecution: { workflowId, ...(runId === undefined ? {} : { runId }) }, ...common } };
  }
  const workflowId = startedChildren.get(target.childSeq) ?? state.extras?.children?.get(target.childSeq)?.initiated.attributes.workflowId;
  if (workflowId === undefined) {
    throw new InvalidCommandError(command.type, `child ${target.childSeq} was never started`);
  }
  return { eventType, attributes: { seq, workflowExecution: { workflowId }, childWorkflowOnly: true, ...common } };
}

/** The id of the next run is filled in once the task is complete. */
export function continueAsNewEvent(state: RunState, command: Command<'continueAsNew'>, workflowTaskCompletedEventId: number): UnplacedEvent {
  const started = state.extras?.started;
  const memo = command.memo ?? state.memo;
  const searchAttributes = command.searchAttributes ?? state.searchAttributes;
  const attributes: HistoryEventAttributes['WORKFLOW_EXECUTION_CONTINUED_AS_NEW'] = {
    newExecutionRunId: '',
    workflowType: command.workflowType,
    taskQueue: command.taskQueue ?? state.taskQueue,
    input: command.args,
    initiator: 'WORKFLOW',
    workflowTaskCompletedEventId,
  };
  const { headers, backoffStartIntervalMs } = command;
  return {
    eventType: 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
    attributes: {
      ...attributes,
      ...(Object.keys(memo).length === 0 ? {} : { memo }),
      ...(Object.keys(searchAttributes).length === 0 ? {} : { searchAttributes }),
      ...(headers === undefined ? {} : { header: headers }),
      ...(backoffStartIntervalMs === undefined ? {} : { backoffStartIntervalMs }),
      ...defined('workflowExecutionTimeoutMs', command.workflowExecutionTimeoutMs ?? started?.workflowExecutionTimeoutMs),
      ...defined('workflowRunTimeoutMs', command.workflowRunTimeoutMs ?? started?.workflowRunTimeoutMs),
      ...defined('workflowTaskTimeoutMs', command.workflowTaskTimeoutMs ?? started?.workflowTaskTimeoutMs),
    },
  };
}

export function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
