import { ControlClient } from '@backstitch/client';
import { LIMITS, type ListIncidentsResponse, type ListWorkflowsRequest, type ListWorkflowsResponse, type WorkflowSummary } from '@backstitch/protocol';
import { JobQueues } from '@backstitch/queues';
import { Inject, Injectable } from '@nestjs/common';
import { fetch } from 'undici';
import { QUEUE_NAMES } from '../queues/queue-names.js';
import { reachableGatewayUrl } from '../reachable-gateway-url.js';
import type { Overview, ProcessHealth, QueueDepth, RecentRun, RunCount } from './overview.js';

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

const STATUSES: readonly RunCount['status'][] = ['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'TIMED_OUT'];
const INCIDENTS_SHOWN = 50;
const RUNS_SHOWN = 20;
const HEALTH_TIMEOUT_MS = 2_000;
const QUEUES_TIMEOUT_MS = 3_000;

/** Gathers what the home page shows. What does not answer is shown as such; nothing fails the page. */
@Injectable()
export class OverviewService {
  constructor(
    @Inject(ControlClient) private readonly directory: RunDirectory,
    @Inject(JobQueues) private readonly jobQueues: JobQueues,
    @Inject(WATCHED_PROCESSES) private readonly processes: readonly WatchedProcess[],
  ) {}

  async overview(): Promise<Overview> {
    const [runs, recentRuns, incidents, queues, health] = await Promise.all([
      orAbsent(Promise.all(STATUSES.map((status) => this.count(status)))),
      orAbsent(this.directory.list({ pageSize: RUNS_SHOWN })),
      orAbsent(this.directory.listIncidents({ pageSize: INCIDENTS_SHOWN })),
      orAbsent(within(QUEUES_TIMEOUT_MS, Promise.all(QUEUE_NAMES.map((name) => this.depth(name))))),
      Promise.all(this.processes.map(healthOf)),
    ]);
    return {
      runs,
      recentRuns: recentRuns?.workflows.map(recentRun),
      incidents: incidents?.incidents,
      moreIncidents: incidents?.nextCursor !== undefined,
      queues,
      health,
      gatewayUrl: reachableGatewayUrl(this.processes),
      generatedAtMs: Date.now(),
    };
  }

  /** One page's worth: a home page does not walk through millions. */
  private async count(status: RunCount['status']): Promise<RunCount> {
    const page = await this.directory.list({ status, pageSize: LIMITS.pageSizeMax });
    return { status, count: page.workflows.length, atLeast: page.nextCursor !== undefined };
  }

  private async depth(name: string): Promise<QueueDepth> {
    const counts = await this.jobQueues.queue(name).getJobCounts('waiting', 'active', 'delayed', 'failed');
    return { name, waiting: counts['waiting'] ?? 0, active: counts['active'] ?? 0, delayed: counts['delayed'] ?? 0, failed: counts['failed'] ?? 0 };
  }
}

function recentRun({ workflowId, runId, workflowType, status, startedAtMs, closedAtMs, openIncidents, searchAttributes }: WorkflowSummary): RecentRun {
  const [progress] = searchAttributes['OrderStatus'] ?? searchAttributes['ReturnStatus'] ?? [];
  return { workflowId, runId, workflowType, status, progress: progress === undefined ? undefined : String(progress), startedAtMs, closedAtMs, openIncidents };
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

function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch(() => undefined);
}

/** BullMQ waits for its backend as long as it takes; a page does not. */
async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  return Promise.race([answer, deadline]).finally(() => clearTimeout(timer));
}
