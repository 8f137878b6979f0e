import type { Clock, EngineSurface, ServiceNote } from '@backstitch/engine';
import type { ActivityDescription, WorkflowDescription } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';

export interface UnservedQueuesDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'noteService'>;
  queues: Pick<JobQueues, 'isBusy'>;
  /** An attempt that waits for so long on a queue that nobody serves becomes an incident. */
  notServedAfterMs: number;
  /** So many activities are told of at once. */
  pageSize: number;
}

/** An attempt that has waited for long. */
interface Waiting {
  runId: string;
  scheduledEventId: number;
  attempt: number;
  taskQueue: string;
  sinceMs: number;
  /** Its incident is open. */
  isKnown: boolean;
}

/**
 * Finds attempts that wait on queues which nobody serves (law L7). A queue is taken for served as long as a worker that lives is at any of its jobs: then it is merely long. It is taken for not
 * served when two looks in a row, with attempts that have waited there for long, have found nobody at work, or could not reach it: one look may fall between two jobs, or into a service's restart.
 */
export class UnservedQueues {
  readonly #dependencies: UnservedQueuesDependencies;
  /** By run and scheduling event: a look may be missing between two audits. */
  #waiting = new Map<string, Waiting>();
  /** Queues at which the look before found nobody. */
  #idle: ReadonlySet<string> = new Set();
  #isInDoubt = false;

  constructor(dependencies: UnservedQueuesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether the last look has found nobody at a queue for the first time: what waits there is to be shown to the next look, too. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** Takes note of what waits in a run, for the next {@link look}. */
  add({ runId, activities, incidents, paused }: Pick<WorkflowDescription, 'runId' | 'activities' | 'incidents' | 'paused'>): void {
    const { clock, notServedAfterMs } = this.#dependencies;
    if (paused !== undefined) {
      return;
    }
    for (const activity of activities) {
      const { scheduledEventId, attempt, options } = activity;
      const sinceMs = activity.nextAttemptAtMs ?? activity.scheduledAtMs;
      if (isWaiting(activity) && clock.now() - sinceMs > notServedAfterMs) {
        const isKnown = incidents.some((incident) => incident.kind === 'QUEUE_NOT_SERVED' && incident.resolution === undefined && incident.scheduledEventId === scheduledEventId);
        this.#waiting.set(`${runId}:${scheduledEventId}`, { runId, scheduledEventId, attempt, taskQueue: options.taskQueue, sinceMs, isKnown });
      }
    }
  }

  /** Opens incidents of what waits on queues that nobody serves, and resolves those whose queue is served again. Answers how many were opened. */
  async look(): Promise<number> {
    const { engine, pageSize } = this.#dependencies;
    const waiting = [...this.#waiting.values()];
    this.#waiting = new Map();
    const idle = new Set<string>();
    for (const taskQueue of new Set(waiting.map((each) => each.taskQueue))) {
      if (!(await this.#isBusy(taskQueue))) {
        idle.add(taskQueue);
      }
    }
    const before = this.#idle;
    this.#idle = idle;
    const found = waiting.filter(({ taskQueue, isKnown }) => !isKnown && idle.has(taskQueue));
    const opened = found.filter(({ taskQueue }) => before.has(taskQueue));
    this.#isInDoubt = opened.length < found.length;
    const resolved = waiting.filter(({ taskQueue, isKnown }) => isKnown && !idle.has(taskQueue));
    const notes = [
      ...opened.map(({ runId, scheduledEventId, attempt, sinceMs }): ServiceNote => ({ type: 'queueNotServed', runId, scheduledEventId, attempt, sinceMs })),
      ...resolved.map(({ runId, scheduledEventId }): ServiceNote => ({ type: 'queueServed', runId, scheduledEventId })),
    ];
    // Not all at once: there may be very many, and orders want room in the engine meanwhile.
    for (let start = 0; start < notes.length; start += pageSize) {
      await engine.noteService(notes.slice(start, start + pageSize));
    }
    return opened.length;
  }

  async #isBusy(taskQueue: string): Promise<boolean> {
    try {
      return await this.#dependencies.queues.isBusy(taskQueue);
    } catch {
      // A queue that cannot be reached serves nobody; it may not even exist.
      return false;
    }
  }
}

/** Whether an attempt is due, and no worker is known to be at it. */
function isWaiting({ status, paused, completesOutside, lastHeartbeatAtMs }: ActivityDescription): boolean {
  const isOpen = status === 'SCHEDULED' || status === 'BACKING_OFF';
  return isOpen && paused !== true && completesOutside !== true && lastHeartbeatAtMs === undefined;
}
