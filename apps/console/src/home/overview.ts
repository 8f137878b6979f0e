import type { Incident, WorkflowExecutionStatus } from '@backstitch/protocol';

/** A number of runs; `atLeast` where there are more than were counted. */
export interface RunCount {
  status: WorkflowExecutionStatus;
  count: number;
  atLeast: boolean;
}

/** A run, as far as a list shows it. */
export interface RecentRun {
  workflowId: string;
  runId: string;
  workflowType: string;
  status: WorkflowExecutionStatus;
  /** How far its order or return is, in the words of the business. */
  progress?: string;
  startedAtMs: number;
  closedAtMs?: number;
  openIncidents: number;
}

/** How many jobs a queue holds. Completed ones leave it at once. */
export interface QueueDepth {
  name: string;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

export interface ProcessHealth {
  name: string;
  status: 'ready' | 'not ready' | 'unreachable';
  detail?: string;
}

export type OpenIncident = Incident & { workflowId: string; runId: string; workflowType: string };

/** What the home page shows. */
export interface Overview {
  /** Absent: the orchestrator does not answer. */
  runs?: RunCount[];
  /** Newest first. Absent: the orchestrator does not answer. */
  recentRuns?: RecentRun[];
  /** Oldest first. Absent: the orchestrator does not answer. */
  incidents?: OpenIncident[];
  moreIncidents: boolean;
  /** Absent: the queues' backend does not answer. */
  queues?: QueueDepth[];
  health: ProcessHealth[];
  /** Base URL of the gateway, as the operator reaches it. */
  gatewayUrl: string;
  generatedAtMs: number;
}
