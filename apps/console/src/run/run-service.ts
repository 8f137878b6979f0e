import { ControlClient } from '@backstitch/client';
import type { HistoryEvent, WorkflowDescription, WorkflowHistoryResponse } from '@backstitch/protocol';
import { Inject, Injectable } from '@nestjs/common';
import { reachableGatewayUrl } from '../reachable-gateway-url.js';
import { withoutPaymentTokens } from '../queues/without-payment-tokens.js';
import { WATCHED_PROCESSES, type WatchedProcess } from '../home/overview.service.js';

/** Which run is shown, and from which event on. */
export interface RunAddress {
  workflowId: string;
  /** Absent: the current run of the workflow. */
  runId?: string | undefined;
  afterEventId?: number | undefined;
}

/** What the page of a run shows. Payment tokens are left out. */
export interface RunView {
  run: WorkflowDescription;
  events: HistoryEvent[];
  /** There are more events after this one. */
  nextAfterEventId?: number;
  gatewayUrl: string;
}

const EVENTS_SHOWN = 200;

/** What the page asks of the orchestrator. */
export interface RunReader {
  describe(): Promise<WorkflowDescription>;
  historyPage(page: { afterEventId?: number; limit?: number }): Promise<WorkflowHistoryResponse>;
}

@Injectable()
export class RunService {
  constructor(
    @Inject(ControlClient) private readonly client: { getHandle(workflowId: string, runId?: string): RunReader },
    @Inject(WATCHED_PROCESSES) private readonly processes: readonly WatchedProcess[],
  ) {}

  /** @throws WorkflowNotFoundError; what the client throws where nobody answers */
  async read({ workflowId, runId, afterEventId = 0 }: RunAddress): Promise<RunView> {
    const run = await this.client.getHandle(workflowId, runId).describe();
    // Of that very run: the current one may be another by now.
    const { events, nextAfterEventId } = await this.client.getHandle(workflowId, run.runId).historyPage({ afterEventId, limit: EVENTS_SHOWN });
    return {
      run: withoutPaymentTokens(run) as WorkflowDescription,
      events: withoutPaymentTokens(events) as HistoryEvent[],
      ...(nextAfterEventId !== undefined && { nextAfterEventId }),
      gatewayUrl: reachableGatewayUrl(this.processes),
    };
  }
}
