import { WorkflowClient } from '@backstitch/client';
import { LIMITS, type ListIncidentsResponse, type ListWorkflowsRequest, type ListWorkflowsResponse } from '@backstitch/protocol';
import { Inject, Injectable } from '@nestjs/common';
import { fetch } from 'undici';
import type { Overview, ProcessHealth, RunCount } from './overview.js';

/** What the overview asks of the orchestrator. */
export interface RunDirectory {
  list(request: ListWorkflowsRequest): Promise<ListWorkflowsResponse>;
  listIncidents(request?: { cursor?: string; pageSize?: number }): Promise<ListIncidentsResponse>;
}

/** A process whose readiness the overview shows. */
export interface WatchedProcess {
  name: string;
  /** Base URL. */
  url: string;
}

export const WATCHED_PROCESSES = Symbol('WatchedProcesses');

const STATUSES: readonly RunCount['status'][] = ['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED'];
const INCIDENTS_SHOWN = 50;
const HEALTH_TIMEOUT_MS = 2_000;

/** Gathers what the home page shows. What does not answer is shown as such; nothing fails the page. */
@Injectable()
export class OverviewService {
  constructor(
    @Inject(WorkflowClient) private readonly directory: RunDirectory,
    @Inject(WATCHED_PROCESSES) private readonly processes: readonly WatchedProcess[],
  ) {}

  async overview(): Promise<Overview> {
    const [runs, incidents, health] = await Promise.all([
      Promise.all(STATUSES.map((status) => this.count(status))).catch(() => undefined),
      this.directory.listIncidents({ pageSize: INCIDENTS_SHOWN }).catch(() => undefined),
      Promise.all(this.processes.map(healthOf)),
    ]);
    return {
      runs,
      incidents: incidents?.incidents,
      moreIncidents: incidents?.nextCursor !== undefined,
      health,
      generatedAtMs: Date.now(),
    };
  }

  /** One page's worth: a home page does not walk through millions. */
  private async count(status: RunCount['status']): Promise<RunCount> {
    const page = await this.directory.list({ status, pageSize: LIMITS.pageSizeMax });
    return { status, count: page.workflows.length, atLeast: page.nextCursor !== undefined };
  }
}

async function healthOf({ name, url }: WatchedProcess): Promise<ProcessHealth> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok ? { name, status: 'ready' } : { name, status: 'not ready', detail: `HTTP ${response.status}` };
  } catch {
    return { name, status: 'unreachable' };
  }
}
