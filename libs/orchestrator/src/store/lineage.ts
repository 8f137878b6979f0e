import type { RunAppend } from '@backstitch/engine';

/** Where a run comes from, as far as runs are searched by it. */
export interface Lineage {
  parentWorkflowId: string | undefined;
  rootWorkflowId: string | undefined;
  /** The first run of its chain. */
  firstRunId: string | undefined;
  /** The build that it is pinned to. */
  buildId: string | undefined;
  /** Where it is another one than {@link DEFAULT_TASK_QUEUE}. */
  taskQueue: string | undefined;
}

/** What most runs are started with; it is not kept. */
export const DEFAULT_TASK_QUEUE = 'default';

/** What the first event of a new run says of its origin, build and task queue; undefined for a run that nothing went before, that is not pinned, and that has the usual task queue. */
export function lineageOf({ isNew, events }: RunAppend): Lineage | undefined {
  const [first] = events;
  if (!isNew || first?.eventType !== 'WORKFLOW_EXECUTION_STARTED') {
    return undefined;
  }
  const { parentWorkflowExecution: parent, rootWorkflowExecution: root, firstExecutionRunId: firstRunId, buildId } = first.attributes;
  const taskQueue = first.attributes.taskQueue === DEFAULT_TASK_QUEUE ? undefined : first.attributes.taskQueue;
  if (parent === undefined && root === undefined && firstRunId === undefined && buildId === undefined && taskQueue === undefined) {
    return undefined;
  }
  return { parentWorkflowId: parent?.workflowId, rootWorkflowId: root?.workflowId, firstRunId, buildId, taskQueue };
}
