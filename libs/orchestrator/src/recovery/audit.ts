import type { Clock, EngineSurface } from '@backstitch/engine';
import { activityJobId, type ActivityDescription } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';
import type { LockSink } from '../locks/lock-sink.js';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { RunQueries } from '../store/run-queries.js';
import { abortableDelay } from './abortable-delay.js';
import type { OpenCalls } from './open-calls.js';
import type { Recovery } from './recovery.js';
import type { UnservedQueues } from './unserved-queues.js';

export interface AuditDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'describe'>;
  queries: Pick<RunQueries, 'silentRuns'>;
  recovery: Pick<Recovery, 'redispatch'>;
  openCalls: Pick<OpenCalls, 'audit'>;
  locks: Pick<LockSink, 'releaseAbandoned'>;
  queues: Pick<JobQueues, 'held'>;
  unservedQueues: Pick<UnservedQueues, 'add' | 'look' | 'isInDoubt'>;
  /** Runs that wait for a build that nobody runs. Rejects where the store cannot be reached. */
  lookForUnservedBuilds: () => Promise<void>;
  logger: OrchestratorLogger;
  ownedPartitions: () => readonly number[];
  /** Pause between audits. */
  intervalMs: number;
  /** An open activity is doubted that has made no progress for so long, or for twice its start-to-close time-out if that is longer. */
  silenceMs: number;
  /** As often are runs looked at that are not silent, too: one of their activities may be heard of while another one waits on a queue that nobody serves. */
  notServedAfterMs: number;
  pageSize: number;
}

/** Runs described at once. */
const DESCRIPTIONS_AT_ONCE = 10;

export type AuditScope = 'silent' | 'open';

/** An open activity without progress, and the job of its current attempt. */
interface Doubted {
  runId: string;
  taskQueue: string;
  jobId: string;
}

/**
 * The slow audit of everything open (law L1): what was lost in a way that nothing else notices is dispatched again. A job that its queue still holds is
 * not lost: in a long queue, or while a service is down, it would only become more.
 */
export class Audit {
  readonly #dependencies: AuditDependencies;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #allLookedAtMs = -Infinity;

  constructor(dependencies: AuditDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#loop ??= this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /**
   * Audits once; answers how many runs were dispatched again.
   * @param scope `silent`: what has made no progress for long; `open`: all that is open, since a queue may just have lost jobs
   */
  async run(scope: AuditScope = 'silent'): Promise<number> {
    const { queries, recovery, ownedPartitions, pageSize, logger, unservedQueues } = this.#dependencies;
    const silenceMs = scope === 'silent' ? this.#dependencies.silenceMs : 0;
    const startedUntilMs = this.#oldRunsAreDue();
    let afterRunId: string | undefined;
    let redispatched = 0;
    while (!this.#stopping.signal.aborted) {
      const page = await queries.silentRuns(ownedPartitions(), { silentForMs: silenceMs, startedUntilMs }, afterRunId, pageSize);
      const doubted: Doubted[] = [];
      for (let start = 0; start < page.length; start += DESCRIPTIONS_AT_ONCE) {
        const found = await Promise.all(page.slice(start, start + DESCRIPTIONS_AT_ONCE).map((run) => this.#doubtedOf(run, scope)));
        doubted.push(...found.flat());
      }
      const overdue = await this.#lost(doubted);
      await recovery.redispatch(overdue, scope === 'silent' ? 'audit' : 'queueRestarted');
      redispatched += overdue.length;
      afterRunId = page.at(-1)?.runId;
      if (page.length < pageSize) {
        break;
      }
    }
    const unserved = await unservedQueues.look();
    if (unserved > 0) {
      logger.error({ activities: unserved }, 'activities wait on queues that nobody serves; each is an incident now');
    }
    if (redispatched > 0) {
      logger.warn({ runs: redispatched, scope }, 'the audit found open activities without a job and dispatched them again');
    }
    return redispatched;
  }

  /** Runs that have been open since then are looked at though they are not silent: now and then, and again if a queue is in doubt, which takes two looks in a row. */
  #oldRunsAreDue(): number {
    const { clock, notServedAfterMs, unservedQueues } = this.#dependencies;
    const nowMs = clock.now();
    if (nowMs - this.#allLookedAtMs < notServedAfterMs && !unservedQueues.isInDoubt) {
      return -1;
    }
    this.#allLookedAtMs = nowMs;
    return nowMs - notServedAfterMs;
  }

  async #doubtedOf({ runId, workflowId }: { runId: string; workflowId: string }, scope: AuditScope): Promise<Doubted[]> {
    try {
      const description = await this.#dependencies.engine.describe(workflowId, runId);
      this.#dependencies.unservedQueues.add(description);
      return description.activities
        .filter((activity) => this.#isDoubted(activity, scope))
        .map(({ options, scheduledEventId, attempt, dispatch = 1 }) => ({ runId, taskQueue: options.taskQueue, jobId: activityJobId({ runId, scheduledEventId, attempt, dispatch }) }));
    } catch (error) {
      this.#dependencies.logger.warn({ err: error, workflowId }, 'the audit could not describe a workflow');
      return [];
    }
  }

  /** Runs of those whose job is on no queue. What a queue that cannot be reached holds is looked at by the next audit. */
  async #lost(doubted: readonly Doubted[]): Promise<string[]> {
    const { queues, logger } = this.#dependencies;
    const lost = new Set<string>();
    for (const taskQueue of new Set(doubted.map((each) => each.taskQueue))) {
      const jobs = doubted.filter((each) => each.taskQueue === taskQueue);
      try {
        const held = await queues.held(taskQueue, jobs.map(({ jobId }) => jobId));
        jobs.filter(({ jobId }) => !held.has(jobId)).forEach(({ runId }) => lost.add(runId));
      } catch (error) {
        logger.warn({ err: error, taskQueue }, 'the audit could not look into a queue');
      }
    }
    return [...lost];
  }

  #isDoubted(activity: ActivityDescription, scope: AuditScope): boolean {
    const { clock, silenceMs } = this.#dependencies;
    if (activity.completesOutside === true || activity.paused === true) {
      // No job stands for it.
      return false;
    }
    switch (activity.status) {
      case 'SCHEDULED':
      case 'BACKING_OFF':
      case 'CANCEL_REQUESTED': {
        const lastSignMs = Math.max(activity.scheduledAtMs, activity.startedAtMs ?? 0, activity.lastHeartbeatAtMs ?? 0, activity.nextAttemptAtMs ?? 0);
        return scope === 'open' || clock.now() - lastSignMs > Math.max(silenceMs, 2 * (activity.options.startToCloseTimeoutMs ?? 0));
      }
      case 'COMPLETED':
      case 'FAILED':
      case 'TIMED_OUT':
      case 'CANCELED':
      case 'INCIDENT':
        return false;
      default:
        return activity.status satisfies never;
    }
  }

  async #repeat(): Promise<void> {
    while (await abortableDelay(this.#dependencies.intervalMs, this.#stopping.signal)) {
      try {
        await this.run();
        await this.#dependencies.openCalls.audit();
        await this.#dependencies.lookForUnservedBuilds();
        await this.#dependencies.locks.releaseAbandoned();
      } catch (error) {
        this.#dependencies.logger.warn({ err: error }, 'the audit was interrupted');
      }
    }
  }
}
