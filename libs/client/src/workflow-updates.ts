import { UpdateRejectedError, type UpdateOutcome, type UpdateWorkflowResponse, type WorkflowUpdateStage } from '@backstitch/protocol';
import { failureToError } from '@backstitch/protocol/failures';
import type { ControlCaller } from './control-caller.js';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from './errors.js';
import type { Payloads } from './payloads.js';

/** An update that was accepted, or refused by its validator, which is an outcome too. */
export interface UpdateStarted {
  readonly updateId: string;
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly outcome?: UpdateOutcome;
}

/** An update of a workflow, from its acceptance on. */
export interface WorkflowUpdateHandle<Result> {
  readonly updateId: string;
  readonly workflowId: string;
  readonly workflowRunId?: string;
  /** Waits for its outcome. @throws WorkflowUpdateFailedError if it was refused, or its handler failed */
  result(): Promise<Result>;
}

/** One call waits so long on the other side. */
const WAIT_MS = 20_000;

/** Calls until the update has come to the stage that it is waited for. */
export async function untilStage(stage: WorkflowUpdateStage, updateId: string, workflowId: string, call: () => Promise<UpdateWorkflowResponse>): Promise<UpdateStarted> {
  for (;;) {
    try {
      const answer = await call();
      if (answer.outcome !== undefined || answer.stage === stage || answer.stage === 'COMPLETED') {
        return { updateId, workflowId, workflowRunId: answer.runId, ...(answer.outcome !== undefined && { outcome: answer.outcome }) };
      }
    } catch (error) {
      if (error instanceof UpdateRejectedError) {
        return { updateId, workflowId, workflowRunId: '', outcome: { status: 'failed', failure: error.failure } };
      }
      throw error;
    }
  }
}

/** Waits for an update that was accepted. */
export async function awaitOutcome(connection: ControlCaller, { workflowId, runId }: { workflowId: string; runId?: string | undefined }, updateId: string): Promise<UpdateOutcome> {
  const run = runId === undefined || runId === '' ? '' : `&runId=${encodeURIComponent(runId)}`;
  const path = `/workflows/${encodeURIComponent(workflowId)}/updates/${encodeURIComponent(updateId)}?timeoutMs=${WAIT_MS}${run}`;
  const { outcome } = await untilStage('COMPLETED', updateId, workflowId, () => connection.call<UpdateWorkflowResponse>({ method: 'GET', path, isIdempotent: true, waitMs: WAIT_MS }));
  if (outcome === undefined) throw new WorkflowUpdateRPCTimeoutOrCancelledError(`Update "${updateId}" has no outcome.`);
  return outcome;
}

/** @throws WorkflowUpdateFailedError */
export async function resultOf<Result>(outcome: UpdateOutcome, payloads: Payloads): Promise<Result> {
  if (outcome.status === 'failed') throw new WorkflowUpdateFailedError('Workflow Update failed', failureToError(await payloads.decodeFailure(outcome.failure)));
  return payloads.decode<Result>(outcome.result);
}
