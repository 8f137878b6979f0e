import type { JsonValue, UpdateWorkflowResponse } from '@backstitch/protocol';
import { ControlAnswerError } from '../control-answer-error.js';
import { failureText } from '../failure-text.js';
import { workflowPath, type Caller } from './call.js';

/** One call waits so long on the other side. */
export const UPDATE_WAIT_MS = 20_000;

/** Sends an update until it is accepted - the same id joins it if it has got there - and waits for its result. @throws ControlAnswerError if it was refused, or failed */
export async function updateOutcome({ get }: Caller, { workflowId, updateId }: { workflowId: string; updateId: string }, send: () => Promise<UpdateWorkflowResponse>): Promise<JsonValue> {
  let answer = await send();
  while (answer.outcome === undefined) {
    answer =
      answer.stage === undefined
        ? await send()
        : await get<UpdateWorkflowResponse>(workflowPath(workflowId, `/updates/${encodeURIComponent(updateId)}?timeoutMs=5000`, { runId: answer.runId }));
  }
  const { outcome } = answer;
  if (outcome.status === 'failed') throw new ControlAnswerError({ code: 'UPDATE_REJECTED', message: `The update failed: ${failureText(outcome.failure)}` });
  return outcome.result;
}
