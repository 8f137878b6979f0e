import type { IQueueBackend, Queue, Worker } from 'bullmq';

/* eslint-disable @typescript-eslint/no-explicit-any -- BullMQ's own defaults: job data is JSON of any shape, and the types of connection options differ between the backends */
/** A BullMQ queue on either backend. */
export type AnyQueue = Queue<any, any, string, any, any, string, IQueueBackend, any>;
/** A BullMQ worker on either backend. */
export type AnyWorker = Worker<any, any, string, IQueueBackend, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** A job on its way to a backend. */
export interface SizedJob {
  name: string;
  data: unknown;
  /** The same as text, made once. */
  dataJson: string;
  jobId: string;
  delayMs?: number;
}

/** What JobQueues needs of a backend beyond BullMQ's own API. One implementation for Redis, one for Postgres. */
export interface QueueBackend {
  /** The producer's queue, made on first use. */
  queue(queueName: string): AnyQueue;
  /** Adds jobs in one round trip. */
  addBulk(queueName: string, jobs: readonly SizedJob[]): Promise<void>;
  /** Resolves when commands can be sent now; rejects soon when not. */
  waitUntilReachable(queueName: string): Promise<void>;
  /** Takes jobs off that no worker has begun, atomically each. True: it was there and was taken off. */
  removeWaiting(queueName: string, jobIds: readonly string[]): Promise<boolean[]>;
  /** Those of the jobs that wait, are delayed or are being worked on. */
  held(queueName: string, jobIds: readonly string[]): Promise<Set<string>>;
  /** Whether a worker that lives is at one of the queue's jobs. */
  isBusy(queueName: string): Promise<boolean>;
  /** Those of the jobs whose cancellation was requested. */
  cancelRequested(queueName: string, jobIds: readonly string[]): Promise<Set<string>>;
  /** Sets a job's progress, to `ifCancelled` if its cancellation was requested, and answers whether it was. Undefined: the progress stays. */
  heartbeat(queueName: string, jobId: string, progress: unknown, ifCancelled: object): Promise<boolean>;
  /** Calls the listener whenever the queues have been emptied by someone (law L1). Returns how to stop. */
  watchFlush(listener: () => void): () => void;
  /** Calls the listener whenever the backend's server was restarted without the truth in Postgres being so. Returns how to stop. */
  watchRestart(listener: () => void): () => void;
  /** Rejects when the backend of that queue does not answer. */
  ping(queueName: string): Promise<void>;
  close(): Promise<void>;
}

/** Failed jobs stay for Bull Board: the newest thousand of a queue, a week at most. */
const FAILED_JOBS_KEPT = { count: 1_000, age: 7 * 24 * 60 * 60 };
/** BullMQ's stalled or failed attempts are the engine's affair (law L8). */
export const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: FAILED_JOBS_KEPT } as const;

/** Adds jobs by BullMQ's own means. */
export async function addBulkByQueue(queue: AnyQueue, jobs: readonly SizedJob[]): Promise<void> {
  await queue.addBulk(
    jobs.map(({ name, data, jobId, delayMs }) => ({
      name,
      data,
      opts: { ...JOB_OPTIONS, jobId, ...(delayMs !== undefined && delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}) },
    })),
  );
}

/** What stands in a job's progress after requestCancel. */
export const CANCEL_REQUESTED_PROGRESS = { cancelRequested: true } as const;
/** BullMQ keeps so many events of a queue; nothing here reads them. */
export const EVENTS_KEPT_MAX = 1_000;

/** Details of a heartbeat as a job's progress. */
export function progressOf(details: unknown): unknown {
  return details === undefined || typeof details === 'number' ? details : { details };
}
