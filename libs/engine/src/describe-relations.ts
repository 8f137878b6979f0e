import type { ChildDescription, HistoryEvent, WorkflowDescription } from '@backstitch/protocol';
import type { Child } from './run/run-extras.js';
import type { RunState } from './run/run-state.js';

type Relations = Pick<
  WorkflowDescription,
  'children' | 'updates' | 'parent' | 'root' | 'firstExecutionRunId' | 'continuedFromRunId' | 'continuedToRunId' | 'paused' | 'rollback' | 'rollbackOf' | 'pinnedBuildId'
>;

/** What a description says of a run's children and updates, and of the runs that it is related to. Nothing, of an ordinary run. */
export function describeRelations({ extras }: RunState, events: readonly HistoryEvent[]): Relations {
  if (extras === undefined) {
    return {};
  }
  const { started, children, updates, continuedToRunId, paused, rollback } = extras;
  const rollbackOf = started?.system?.of;
  return {
    ...(children === undefined ? {} : { children: describeChildren(children, events) }),
    ...(updates === undefined
      ? {}
      : {
          updates: [...updates.values()].map(({ updateId, updateName, outcome }) =>
            outcome === undefined ? { updateId, updateName, stage: 'ACCEPTED' as const } : { updateId, updateName, stage: 'COMPLETED' as const, outcome },
          ),
        }),
    ...(started?.parentWorkflowExecution === undefined ? {} : { parent: started.parentWorkflowExecution }),
    ...(started?.rootWorkflowExecution === undefined ? {} : { root: started.rootWorkflowExecution }),
    ...(started?.firstExecutionRunId === undefined ? {} : { firstExecutionRunId: started.firstExecutionRunId }),
    ...(started?.continuedExecutionRunId === undefined ? {} : { continuedFromRunId: started.continuedExecutionRunId }),
    ...(started?.buildId === undefined ? {} : { pinnedBuildId: started.buildId }),
    ...(continuedToRunId === undefined ? {} : { continuedToRunId }),
    ...(paused === undefined ? {} : { paused }),
    ...(rollback === undefined ? {} : { rollback }),
    ...(rollbackOf === undefined ? {} : { rollbackOf }),
  };
}

const CLOSED: Partial<Record<HistoryEvent['eventType'], ChildDescription['status']>> = {
  START_CHILD_WORKFLOW_EXECUTION_FAILED: 'FAILED',
  CHILD_WORKFLOW_EXECUTION_COMPLETED: 'COMPLETED',
  CHILD_WORKFLOW_EXECUTION_FAILED: 'FAILED',
  CHILD_WORKFLOW_EXECUTION_CANCELED: 'CANCELED',
  CHILD_WORKFLOW_EXECUTION_TIMED_OUT: 'TIMED_OUT',
  CHILD_WORKFLOW_EXECUTION_TERMINATED: 'TERMINATED',
};

function describeChildren(children: ReadonlyMap<number, Child>, events: readonly HistoryEvent[]): ChildDescription[] {
  const ends = new Map<number, ChildDescription['status']>();
  for (const event of events) {
    const status = CLOSED[event.eventType];
    if (status !== undefined && 'initiatedEventId' in event.attributes) {
      ends.set(event.attributes.initiatedEventId, status);
    }
  }
  return [...children.values()].map(({ initiated, runId, startedEventId }) => {
    const { workflowId, workflowType } = initiated.attributes;
    const initiatedEventId = initiated.eventId;
    const status = ends.get(initiatedEventId) ?? (startedEventId === undefined ? 'INITIATED' : 'STARTED');
    return { workflowId, workflowType, initiatedEventId, status, ...(startedEventId === undefined ? {} : { runId }) };
  });
}
