import {
  InvalidRequestError,
  LIMITS,
  OverloadedError,
  partitionOf,
  WorkflowExecutionAlreadyStartedError,
  type ResetWorkflowRequest,
  type ResetWorkflowResponse,
} from '@backstitch/protocol';
import type { EnginePorts } from './engine-options.js';
import type { EngineSettings } from './engine-settings.js';
import type { RunMessage, Unsent } from './messages/run-message.js';
import type { StoredRun } from './ports/history-store.js';
import { resetRun } from './reset-run.js';

const RETRY_AFTER_MS = 1_000;
/** How often a history is read again because the run went on meanwhile. */
const RUNS_TRIED_MAX = 20;

/** What the resetter needs of the engine. */
export interface RunResetterParts {
  ports: Pick<EnginePorts, 'clock' | 'ids'>;
  settings: Pick<EngineSettings, 'partitionCount'>;
  stored(workflowId: string, runId?: string): Promise<StoredRun>;
  send<T>(runId: string, message: Unsent<RunMessage>): Promise<T>;
  currentRunId(workflowId: string): Promise<string | undefined>;
}

/** Makes runs that begin with another one's history. */
export class RunResetter {
  constructor(readonly parts: RunResetterParts) {}

  async reset(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse> {
    const newRunId = this.parts.ports.ids.runId();
    for (let round = 0; round < RUNS_TRIED_MAX; round += 1) {
      const base = await this.parts.stored(workflowId, runId);
      const currentRunId = (await this.parts.currentRunId(workflowId)) ?? base.record.runId;
      const { partition, runId: baseRunId, nextEventId: baseNextEventId } = base.record;
      const newRun = resetRun(base, request, { workflowId, runId: newRunId, partition, nowMs: this.parts.ports.clock.now() });
      const { reason, identity } = request;
      const answer = await this.parts.send<'superseded' | 'changed'>(currentRunId, { type: 'supersede', newRun, reason, identity, reset: { baseRunId, baseNextEventId } });
      if (answer === 'superseded') {
        return { workflowId, runId: newRunId };
      }
    }
    throw new OverloadedError(RETRY_AFTER_MS);
  }

  async fork(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse> {
    const forkedId = request.workflowId;
    if (forkedId === undefined || forkedId === '' || forkedId.length > LIMITS.workflowIdLengthMax) {
      throw new InvalidRequestError('/workflowId', `must have 1 to ${LIMITS.workflowIdLengthMax} characters`);
    }
    const base = await this.parts.stored(workflowId, runId);
    const newRunId = this.parts.ports.ids.runId();
    const partition = partitionOf(forkedId, this.parts.settings.partitionCount);
    const newRun = resetRun(base, request, { workflowId: forkedId, runId: newRunId, partition, nowMs: this.parts.ports.clock.now() });
    if ((await this.parts.send<'created' | 'exists'>(newRunId, { type: 'create', newRun })) === 'exists') {
      throw new WorkflowExecutionAlreadyStartedError(forkedId, (await this.parts.currentRunId(forkedId)) ?? '');
    }
    return { workflowId: forkedId, runId: newRunId };
  }
}
