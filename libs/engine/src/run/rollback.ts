import { partitionOf, RUNTIME_VERSION, ROLLBACK_WORKFLOW_TYPE, type WorkflowCommand } from '@backstitch/protocol';
import type { NewRun } from './new-run.js';
import type { Owed } from './owed-undos.js';
import type { RunState } from './run-state.js';

/** The linked run that undoes another one (law L7), under an id of its own that lies in the same partition. */
export function rollbackRun(state: RunState, { undos, pivotInDoubt }: Owed, details: { runId: string; reason: string; identity?: string; partitionCount: number }): NewRun {
  const { runId, reason, identity, partitionCount } = details;
  const workflowId = rollbackWorkflowId(state, partitionCount);
  return {
    workflowId,
    runId,
    partition: state.partition,
    requestFingerprint: state.runId,
    replacesRunId: undefined,
    started: {
      workflowId,
      runId,
      workflowType: ROLLBACK_WORKFLOW_TYPE,
      taskQueue: state.taskQueue,
      input: [],
      ...(identity === undefined ? {} : { identity }),
      ...(state.traceparent === undefined ? {} : { traceparent: state.traceparent }),
      randomnessSeed: runId,
      runtimeVersion: RUNTIME_VERSION,
      system: { kind: 'rollback', of: { workflowId: state.workflowId, runId: state.runId }, reason, undos, ...(pivotInDoubt === undefined ? {} : { pivotInDoubt }) },
    },
  };
}

/** A partition is found by the workflow id's hash: the id gets a number that brings it where the other run is. */
function rollbackWorkflowId({ runId, partition }: RunState, partitionCount: number): string {
  for (let number = 0; ; number += 1) {
    const workflowId = `${ROLLBACK_WORKFLOW_TYPE}:${runId}:${number}`;
    if (partitionOf(workflowId, partitionCount) === partition) {
      return workflowId;
    }
  }
}

/** Whether the engine drives this run by itself. */
export function isSystemRun(state: RunState): boolean {
  return state.extras?.started?.system !== undefined;
}

/** What a system run decides next: one undo after the other, the last step's first; then it is complete. */
export function rollbackCommands(state: RunState): WorkflowCommand[] {
  const undos = state.extras?.started?.system?.undos ?? [];
  const begun = state.activities.size;
  const undo = undos[undos.length - 1 - begun];
  if (state.openActivities.size > 0) {
    return [];
  }
  if (undo === undefined) {
    return [{ type: 'completeWorkflow', result: { undos: begun } }];
  }
  const { activityType, stepKey, stepActivityType, input, result, undoKey: _, ...options } = undo;
  return [
    {
      type: 'scheduleActivity',
      seq: begun + 1,
      activityType,
      args: [{ input, ...(result === undefined ? {} : { result }) }],
      options: { ...options, cancellationType: 'WAIT_CANCELLATION_COMPLETED' },
      undoOfStep: { key: stepKey, activityType: stepActivityType },
    },
  ];
}
