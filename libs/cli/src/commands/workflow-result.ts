import { WorkflowNotFoundError, type AwaitClosedResponse, type JsonValue } from '@backstitch/protocol';
import { WorkflowNotCompletedError } from '../errors.js';
import { failureText } from '../failure-text.js';
import type { Caller } from './call.js';

/** Longest wait of one call; a longer one is made of several. */
const POLL_MS = 20_000;

/** Waits for a workflow's result, over all runs that continue it. @throws WorkflowNotCompletedError, WorkflowNotFoundError */
export async function awaitResult({ post, codec }: Caller, { workflowId, runId }: { workflowId: string; runId?: string }, timeoutMs = Infinity): Promise<JsonValue> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const waitMs = Math.max(0, Math.min(POLL_MS, Math.round(deadlineMs - performance.now())));
    const body = { workflowIds: [workflowId], timeoutMs: waitMs, ...(runId !== undefined && { runId }) };
    const { closed, unknown } = await post<AwaitClosedResponse>('/workflows/await-closed', body, true, waitMs);
    if (unknown.length > 0) throw new WorkflowNotFoundError(workflowId);
    const [workflow] = closed;
    if (workflow?.status === 'COMPLETED') return workflow.result ?? null;
    if (workflow !== undefined) {
      const failure = await codec.decode(workflow.failure);
      throw new WorkflowNotCompletedError(`Workflow "${workflowId}" ended as ${workflow.status}${failure === undefined ? '.' : `: ${failureText(failure)}`}`);
    }
    if (performance.now() >= deadlineMs) throw new WorkflowNotCompletedError(`Workflow "${workflowId}" is still running after ${timeoutMs} ms.`);
  }
}
