import type { LocalActivityInfo } from '@backstitch/engine';
import type { Failure, JsonValue, SearchAttributeDefinitions } from '@backstitch/protocol';
import type { WorkflowBundle } from '@backstitch/sandbox';

/** What the local server is told at its start. */
export interface LocalServerSettings {
  /** Of its own: removed when it ends. */
  directory: string;
  /** In place of an embedded Postgres. */
  databaseUrl?: string;
  /** Of the control API; 0: any. */
  port: number;
  controlToken: string;
  taskTokenSecret: string;
  searchAttributes: SearchAttributeDefinitions;
  /** `file:` URLs of the libraries that it is made of, unless they are compiled into it. */
  orchestratorUrl?: string;
  queuesUrl?: string;
}

/** What it is asked to do while it runs. */
export type LocalServerRequest =
  | { type: 'deploy'; id: number; taskQueue: string; bundle?: WorkflowBundle; localActivities: string[]; sinks: Record<string, string[]> }
  | { type: 'localActivityEnded'; id: number; result?: JsonValue; failure?: Failure }
  | { type: 'stop' };

/** What it says. */
export type LocalServerMessage =
  | { type: 'ready'; url: string; databaseUrl: string }
  | { type: 'failed'; message: string; missingPackage?: string }
  | { type: 'deployed'; id: number; error?: string }
  | { type: 'runLocalActivity'; id: number; taskQueue: string; activityType: string; args: JsonValue[]; info: LocalActivityInfo }
  | { type: 'abortLocalActivity'; id: number }
  | { type: 'sink'; taskQueue: string; sinkName: string; functionName: string; args: JsonValue[]; workflowId: string; runId: string; workflowType: string; isReplaying: boolean }
  | { type: 'log'; level: 'trace' | 'debug' | 'info' | 'warn' | 'error'; fields: Record<string, unknown>; message: string };
