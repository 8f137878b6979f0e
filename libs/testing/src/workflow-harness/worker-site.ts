import type { WorkflowBundle } from '@backstitch/sandbox';
import type { ActivityFunction } from './activity-attempt.js';
import type { WorkerPayloads } from './converted-activity.js';
import type { ActivityServer } from './in-process-activities.js';
import type { InjectedSinks } from './injected-sinks.js';

/** What a worker brings along to an environment. */
export interface WorkerDeployment {
  taskQueue: string;
  /** Absent: the worker has activities alone. */
  bundle?: WorkflowBundle | undefined;
  /** Those that workflows call as local activities are among them. */
  activities: ReadonlyMap<string, ActivityFunction>;
  sinks: InjectedSinks;
  /** How values are written where they are not plain JSON. The activities see to that themselves. */
  payloads: WorkerPayloads;
}

/** Activities that are being served. */
export interface ServedActivities {
  /** Rejects if they cannot be served. Absent: they are, at once. */
  ready?: Promise<void>;
  /** Takes nothing more; resolves once what was under way has ended, or was left to others. */
  stop(): Promise<void>;
  /** As if the process were killed: nothing more is heard of what was under way. */
  crash(): void;
}

/** Where an environment's workers run. */
export interface WorkerSite {
  /** From now on workflows of that task queue have this code, and these local activities and sinks. */
  deploy(worker: WorkerDeployment): Promise<void>;
  /** From now on that server takes what is on its queue. */
  serve(server: ActivityServer): ServedActivities;
}
