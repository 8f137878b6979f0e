import type { RunAppend } from '@backstitch/engine';

/** Where a run comes from, as far as runs are searched by it. */
export interface Lineage {
  parentWorkflowId: string | undefined;
  rootWorkflowId: string | undefined;
  /** The first run of its chain. */
  firstRunId: string | undefined;
  /** The build that it is pinned to. */
  buildId: string | undefined;
}

/** What the first event of a new run says of its origin and build; undefined for a run that nothing went before and that is not pinned. */
export function lineageOf({ isNew, events }: RunAppend): Lineage | undefined {
  const [first] = events;
  if (!isNew || first?.eventType !== 'WORKFLOW_EXECUTION_STARTED') {
    return undefined;
  }
  const { parentWorkflowExecution: parent, rootWorkflowExecution: root, firstExecutionRunId: firstRunId, buildId } = first.attributes;
  if (parent === undefined && root === undefined && firstRunId === undefined && buildId === undefined) {
    return undefined;
  }
  return { parentWorkflowId: parent?.workflowId, rootWorkflowId: root?.workflowId, firstRunId, buildId };
}
