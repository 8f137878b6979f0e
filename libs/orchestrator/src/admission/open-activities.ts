import type { RunAppend, StoredRun } from '@backstitch/engine';
import type { HistoryEvent } from '@backstitch/protocol';

/** What is known of one run's work: its activities whose first attempt has no answer yet, by the id of their scheduling event. */
interface OpenRun {
  /** Someone else has appended since if the store has another. */
  nextEventId: number;
  seenAtMs: number;
  queues: Map<number, string>;
}

/** A run whose work was last heard of some time ago. */
export interface QuietRun {
  runId: string;
  nextEventId: number;
}

/** Runs remembered; what comes beyond is not counted, and long before it starts are refused. */
const RUNS_MAX = 200_000;

/**
 * How much work waits, by task queue: activities that are scheduled and whose first attempt was not answered. It is read off what is committed and
 * loaded, so that it costs no query and no queue need be there.
 *
 * An activity that failed once and waits for its next attempt is not counted, nor is a timer: they wait for time, not for a worker.
 */
export class OpenActivities {
  readonly #runs = new Map<string, OpenRun>();
  readonly #counts = new Map<string, number>();
  readonly #nowMs: () => number;
  #answered = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** An append that is committed. */
  committed({ record, events, upsertAttempts }: Pick<RunAppend, 'record' | 'events' | 'upsertAttempts'>): void {
    const { runId, nextEventId } = record;
    if (record.status !== 'RUNNING') {
      this.forget(runId);
      return;
    }
    const run = this.#runs.get(runId) ?? { nextEventId, seenAtMs: 0, queues: new Map<number, string>() };
    for (const event of events) {
      if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') this.#open(run, event.eventId, event.attributes.taskQueue);
      else this.#close(run, closedActivityOf(event));
    }
    for (const { scheduledEventId, attempt } of upsertAttempts) {
      if (attempt > 1) this.#close(run, scheduledEventId);
    }
    this.#keep(runId, run, nextEventId);
  }

  /** A run as the store has it: whatever was known of it before is replaced. Answers how many activities it has open. */
  loaded({ record, events, attempts }: StoredRun): number {
    this.forget(record.runId);
    const open = new Map<number, string>();
    for (const event of events) {
      if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') open.set(event.eventId, event.attributes.taskQueue);
      else open.delete(closedActivityOf(event));
    }
    if (record.status !== 'RUNNING') return 0;
    const tried = new Set(attempts.filter(({ attempt }) => attempt > 1).map(({ scheduledEventId }) => scheduledEventId));
    const run: OpenRun = { nextEventId: record.nextEventId, seenAtMs: 0, queues: new Map() };
    open.forEach((taskQueue, scheduledEventId) => tried.has(scheduledEventId) || this.#open(run, scheduledEventId, taskQueue));
    this.#keep(record.runId, run, record.nextEventId);
    return open.size;
  }

  /** Nothing of this run is counted any more. */
  forget(runId: string): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    for (const scheduledEventId of [...run.queues.keys()]) this.#close(run, scheduledEventId);
    this.#runs.delete(runId);
  }

  countOf(taskQueue: string): number {
    return this.#counts.get(taskQueue) ?? 0;
  }

  /** Counts by task queue; a queue that nothing waits for is left out. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** The largest of the counts. */
  get fullest(): number {
    let fullest = 0;
    for (const count of this.#counts.values()) fullest = Math.max(fullest, count);
    return fullest;
  }

  /** Activities that were answered since this was made; only ever grows. */
  get answered(): number {
    return this.#answered;
  }

  /** Runs that nothing was heard of since then, the longest first. */
  quietSince(seenUntilMs: number, runsMax: number): QuietRun[] {
    const quiet: QuietRun[] = [];
    // In order of the last sign.
    for (const [runId, { nextEventId, seenAtMs }] of this.#runs) {
      if (seenAtMs > seenUntilMs || quiet.length === runsMax) break;
      quiet.push({ runId, nextEventId });
    }
    return quiet;
  }

  /** These runs were looked at: they are as they are known. */
  confirmed(runIds: readonly string[]): void {
    for (const runId of runIds) {
      const run = this.#runs.get(runId);
      if (run !== undefined) this.#keep(runId, run, run.nextEventId);
    }
  }

  #open(run: OpenRun, scheduledEventId: number, taskQueue: string): void {
    run.queues.set(scheduledEventId, taskQueue);
    this.#counts.set(taskQueue, this.countOf(taskQueue) + 1);
  }

  #close(run: OpenRun, scheduledEventId: number): void {
    const taskQueue = run.queues.get(scheduledEventId);
    if (taskQueue === undefined) return;
    run.queues.delete(scheduledEventId);
    this.#answered += 1;
    const count = this.countOf(taskQueue) - 1;
    if (count > 0) this.#counts.set(taskQueue, count);
    else this.#counts.delete(taskQueue);
  }

  #keep(runId: string, run: OpenRun, nextEventId: number): void {
    // Put in again, so that the order is that of the last sign.
    this.#runs.delete(runId);
    if (run.queues.size === 0) return;
    if (this.#runs.size >= RUNS_MAX) {
      for (const scheduledEventId of [...run.queues.keys()]) this.#close(run, scheduledEventId);
      return;
    }
    run.nextEventId = nextEventId;
    run.seenAtMs = this.#nowMs();
    this.#runs.set(runId, run);
  }
}

/** The activity that an event closes, by its scheduling event; 0 if none. */
function closedActivityOf(event: HistoryEvent): number {
  switch (event.eventType) {
    case 'ACTIVITY_TASK_COMPLETED':
    case 'ACTIVITY_TASK_FAILED':
    case 'ACTIVITY_TASK_TIMED_OUT':
    case 'ACTIVITY_TASK_CANCELED':
      return event.attributes.scheduledEventId;
    default:
      return 0;
  }
}
