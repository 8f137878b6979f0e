import { CancellationScope, executeChild, ParentClosePolicy, proxyActivities, workflowInfo } from '@backstitch/workflow';
import type { RowActivities } from './row-activities.js';

const { importRow } = proxyActivities<RowActivities>({ startToCloseTimeout: '1 minute', retry: { maximumAttempts: 5 } });

/** Runs `work` for 0, 1, … count - 1, at most `width` at once. */
async function inWindow(count: number, width: number, work: (index: number) => Promise<number>): Promise<number> {
  let next = 0;
  let sum = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const done = await work(next++);
      sum += done;
    }
  };
  await CancellationScope.cancellable(() => Promise.all(Array.from({ length: Math.min(width, count) }, lane)));
  return sum;
}

export interface ImportPlan {
  /** At most about 1,000: each child is some three to six events of the parent's history. */
  parts: number;
  /** At most about 1,000: each row is as many of the child's. */
  rowsPerPart: number;
  partsAtOnce: number;
  rowsAtOnce: number;
}

/** 1,000 × 1,000 rows: a million tasks, and no history beyond a few thousand events. */
export async function importAll(plan: ImportPlan): Promise<number> {
  return inWindow(plan.parts, plan.partsAtOnce, (part) =>
    executeChild(importPart, {
      workflowId: `${workflowInfo().workflowId}/${part}`,
      args: [part * plan.rowsPerPart, plan],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    }),
  );
}

export async function importPart(firstRow: number, { rowsPerPart, rowsAtOnce }: ImportPlan): Promise<number> {
  return inWindow(rowsPerPart, rowsAtOnce, (index) => importRow(firstRow + index));
}
