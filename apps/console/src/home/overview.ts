import type { Incident } from '@backstitch/protocol';

/** A number of runs; `atLeast` where there are more than were counted. */
export interface RunCount {
  status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'TERMINATED';
  count: number;
  atLeast: boolean;
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
  /** Oldest first. */
  incidents?: OpenIncident[];
  moreIncidents: boolean;
  health: ProcessHealth[];
  generatedAtMs: number;
}
