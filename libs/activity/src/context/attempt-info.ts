import type { ActivityJob, Headers, JsonValue } from '@backstitch/protocol';
import { makeTaskToken, taskTokenText } from '@backstitch/protocol/task-token';
import { TaskTokenUnavailableError } from '../errors/usage-errors.js';
import type { ActivityInfo, UndoneStep } from './activity-info.js';

/** What becomes an attempt's info. */
export interface AttemptFacts {
  job: Pick<
    ActivityJob,
    'key' | 'attempt' | 'workflowId' | 'runId' | 'workflowType' | 'activityId' | 'activityType' | 'scheduledAtMs' | 'startToCloseTimeoutMs' | 'heartbeatTimeoutMs' | 'scheduleToCloseDeadlineMs' | 'traceparent' | 'headers'
  >;
  taskQueue: string;
  startedAtMs: number;
  /** When the job was put on its queue. */
  addedAtMs: number;
  heartbeatDetails?: JsonValue;
  claimed: { startedBefore: boolean; checkpoint?: JsonValue; undo?: UndoneStep; superseded?: { key: string; step: 'absent' | 'started' } };
  taskTokenSecret?: string;
}

const NAMESPACE = 'default';

/** The info of an attempt. What few handlers ask for is made when it is asked for. */
export class AttemptInfo implements ActivityInfo {
  readonly #facts: AttemptFacts;
  readonly key: string;
  readonly attempt: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly activityId: string;
  readonly activityType: string;
  readonly taskQueue: string;
  readonly scheduledAtMs: number;
  readonly startedAtMs: number;
  readonly startToCloseTimeoutMs: number | undefined;
  readonly heartbeatTimeoutMs: number | undefined;
  readonly heartbeatDetails: JsonValue | undefined;
  readonly checkpoint: JsonValue | undefined;
  readonly startedBefore: boolean;
  readonly undo: UndoneStep | undefined;
  readonly superseded: { key: string; step: 'absent' | 'started' } | undefined;
  readonly traceparent: string | undefined;
  readonly headers: Headers | undefined;

  constructor(facts: AttemptFacts) {
    const { job, claimed } = facts;
    this.#facts = facts;
    this.key = job.key;
    this.attempt = job.attempt;
    this.workflowId = job.workflowId;
    this.runId = job.runId;
    this.workflowType = job.workflowType;
    this.activityId = job.activityId;
    this.activityType = job.activityType;
    this.taskQueue = facts.taskQueue;
    this.scheduledAtMs = job.scheduledAtMs;
    this.startedAtMs = facts.startedAtMs;
    this.startToCloseTimeoutMs = job.startToCloseTimeoutMs;
    this.heartbeatTimeoutMs = job.heartbeatTimeoutMs;
    this.heartbeatDetails = facts.heartbeatDetails;
    this.checkpoint = claimed.checkpoint;
    this.startedBefore = claimed.startedBefore;
    this.undo = claimed.undo;
    this.superseded = claimed.superseded;
    this.traceparent = job.traceparent;
    this.headers = job.headers;
  }

  get taskToken(): Uint8Array {
    const { taskTokenSecret } = this.#facts;
    if (taskTokenSecret === undefined) throw new TaskTokenUnavailableError();
    const { workflowId, runId, activityId, attempt } = this;
    return makeTaskToken(taskTokenSecret, { workflowId, runId, activityId, attempt });
  }

  get base64TaskToken(): string {
    return taskTokenText(this.taskToken);
  }

  get workflowExecution(): { workflowId: string; runId: string } {
    return { workflowId: this.workflowId, runId: this.runId };
  }

  get scheduledTimestampMs(): number {
    return this.scheduledAtMs;
  }

  get currentAttemptScheduledTimestampMs(): number {
    return this.#facts.addedAtMs;
  }

  get scheduleToCloseTimeoutMs(): number {
    const { scheduleToCloseDeadlineMs, scheduledAtMs } = this.#facts.job;
    return scheduleToCloseDeadlineMs === undefined ? Infinity : scheduleToCloseDeadlineMs - scheduledAtMs;
  }

  get namespace(): string {
    return NAMESPACE;
  }

  get workflowNamespace(): string {
    return NAMESPACE;
  }

  get activityNamespace(): string {
    return NAMESPACE;
  }

  get isLocal(): boolean {
    return false;
  }

  get inWorkflow(): boolean {
    return true;
  }

  get retryPolicy(): undefined {
    return undefined;
  }
}
