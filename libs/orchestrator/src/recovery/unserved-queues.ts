import type { Clock, EngineSurface, ServiceNote } from '@backstitch/engine';
import type { ActivityDescription, WorkflowDescription } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';

export interface UnservedQueuesDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'noteService'>;
  queues: Pick<JobQueues, 'isBusy'>;
  /** An attempt that waits for so long on a queue that nobody serves becomes an incident. */
  notServedAfterMs: number;
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
  #waiting: Waiting[] = [];
  /** Queues at which the look before found nobody. */
  #idle: ReadonlySet<string> = new Set();

  constructor(dependencies: UnservedQueuesDependencies) {
    this.#dependencies = dependencies;
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
        this.#waiting.push({ runId, scheduledEventId, attempt, taskQueue: options.taskQueue, sinceMs, isKnown });
      }
    }
  }

  /** Opens incidents of what waits on queues that nobody serves, and resolves those whose queue is served again. Answers how many were opened. */
  async look(): Promise<number> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const idle = new Set<string>();
    for (const taskQueue of new Set(waiting.map((each) => each.taskQueue))) {
      if (!(await this.#isBusy(taskQueue))) {
        idle.add(taskQueue);
      }
    }
    const before = this.#idle;
    this.#idle = idle;
    const opened = waiting.filter(({ taskQueue, isKnown }) => !isKnown && idle.has(taskQueue) && before.has(taskQueue));
    const resolved = waiting.filter(({ taskQueue, isKnown }) => isKnown && !idle.has(taskQueue));
    await this.#dependencies.engine.noteService([
      ...opened.map(({ runId, scheduledEventId, attempt, sinceMs }): ServiceNote => ({ type: 'queueNotServed', runId, scheduledEventId, attempt, sinceMs })),
      ...resolved.map(({ runId, scheduledEventId }): ServiceNote => ({ type: 'queueServed', runId, scheduledEventId })),
    ]);
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
