import {
  StoreUnavailableError,
  WorkflowAlreadyClosedError,
  WorkflowNotFoundError,
  type ScheduleActionResult,
  type ScheduleDefinition,
  type ScheduleOverlapPolicy,
  type ScheduleProgress,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type JsonValue,
  type WorkflowExecution,
  type WorkflowExecutionStatus,
} from '@backstitch/protocol';
import type { EngineSurface } from '../engine-surface.js';
import type { Clock } from '../ports/clock.js';
import type { ScheduleStore, StoredSchedule } from '../ports/schedule-store.js';
import type { Timers } from '../ports/timers.js';
import { decideOverlap, seeToTimes } from './due-actions.js';
import { ScheduleTimes } from './schedule-times.js';

/** How runs ended that were asked for; those that run are in neither list. */
export interface ScheduledRunsClosed {
  closed: { status: WorkflowExecutionStatus; result?: JsonValue }[];
  /** Workflows that there are none of. */
  unknown: string[];
}

/** Takes lines: fields first, then the message. */
export interface ScheduleLogger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ScheduleRunnerDependencies {
  clock: Clock;
  timers: Timers;
  store: ScheduleStore;
  engine: Pick<EngineSurface, 'cancel' | 'terminate'>;
  /** Starts by whoever holds the workflow. */
  start: (starts: readonly StartWorkflowRequest[]) => Promise<StartWorkflowResult[]>;
  /** How a run, or those that continued it, ended. */
  findClosedRun: (workflowId: string, run: { runId: string; followRuns: boolean }) => Promise<ScheduledRunsClosed>;
  /** Resolves when that run is closed, or after a while. */
  awaitClosed: (execution: WorkflowExecution) => Promise<unknown>;
  logger: ScheduleLogger;
  ownedPartitions: () => readonly number[];
}

const ENDS_OTHERS: ReadonlySet<ScheduleOverlapPolicy> = new Set(['CANCEL_OTHER', 'TERMINATE_OTHER']);
const RECENT_MAX = 10;
const RUNNING_MAX = 100;
const CONFLICTS_MAX = 10;
const RETRY_AFTER_FAILURE_MS = 1_000;
const RECHECK_MS = 60_000;
const DUE_PAGE = 50;

/**
 * Takes the actions of the schedules of the owned partitions when they are due. One timer, armed to the earliest of their times; nothing polls.
 *
 * An action is taken first and recorded then: its workflow id holds its time, so that taking it again, after a crash or by another replica, finds it taken.
 *
 * States of the timer: idle → armed → firing (each due schedule is seen to, one at a time) → armed or idle.
 */
export class ScheduleRunner {
  readonly #dependencies: ScheduleRunnerDependencies;
  readonly #watched = new Set<string>();
  #disarm: () => void = () => undefined;
  #armedForMs = Infinity;
  #work: Promise<void> = Promise.resolve();
  /** What ends the pauses after failures. */
  readonly #pauses = new Set<() => void>();
  #stopped = false;

  constructor(dependencies: ScheduleRunnerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks for the earliest time: at start, and when partitions were taken over. Never rejects. */
  async refresh(): Promise<void> {
    const { store, ownedPartitions, logger, clock } = this.#dependencies;
    const partitions = ownedPartitions();
    if (partitions.length === 0 || this.#stopped) return;
    try {
      const earliestMs = await store.earliestWakeAtMs(partitions);
      if (earliestMs !== undefined) this.arm(earliestMs);
    } catch (error) {
      logger.warn({ err: error }, 'the next time of the schedules could not be read; trying again');
      this.arm(clock.now() + RETRY_AFTER_FAILURE_MS);
    }
  }

  /** Looks at schedules no later than at this time. */
  arm(wakeAtMs: number): void {
    if (this.#stopped || wakeAtMs >= this.#armedForMs) return;
    this.#armedForMs = wakeAtMs;
    this.#disarm();
    this.#disarm = this.#dependencies.timers.at(wakeAtMs, () => this.#fire());
  }

  /** Sees to one schedule now: what is due is taken, as far as its policy lets it. @throws StoreUnavailableError */
  async seeTo(scheduleId: string): Promise<void> {
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
      const schedule = await this.#dependencies.store.load(scheduleId);
      if (schedule === undefined || (await this.#seeTo(schedule))) return;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#disarm();
    this.#pauses.forEach((end) => end());
    await this.#work;
  }

  #fire(): void {
    const { clock, logger } = this.#dependencies;
    this.#armedForMs = Infinity;
    this.#work = this.#work
      .then(() => this.#seeToDue())
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'schedules that are due could not be seen to; trying again');
        this.arm(clock.now() + RETRY_AFTER_FAILURE_MS);
      });
  }

  async #seeToDue(): Promise<void> {
    const { clock, store, ownedPartitions, logger } = this.#dependencies;
    let failed = false;
    for (const scheduleId of await store.due(ownedPartitions(), clock.now(), DUE_PAGE)) {
      if (this.#stopped) return;
      // One that cannot be seen to must not keep the others from their time.
      await this.seeTo(scheduleId).catch((error: unknown) => {
        failed = true;
        logger.warn({ err: error, scheduleId }, 'a schedule could not be seen to; trying again');
      });
    }
    if (failed) this.arm(clock.now() + RETRY_AFTER_FAILURE_MS);
    else await this.refresh();
  }

  /** False: somebody else changed the schedule meanwhile. */
  async #seeTo(schedule: StoredSchedule): Promise<boolean> {
    const { clock, store } = this.#dependencies;
    const nowMs = clock.now();
    const observed = await this.#observed(schedule);
    const { definition, progress, wakeAtMs } = seeToTimes(observed.definition, observed.progress, new ScheduleTimes(observed.definition.spec, schedule.scheduleId), nowMs);
    const taken = await this.#take({ ...observed, definition, progress });
    // Who waits for a workflow's end may be gone when it comes: then somebody looks.
    const lookMs = isAwaited(definition, taken) ? nowMs + RECHECK_MS : Infinity;
    const wakesAtMs = Math.min(wakeAtMs ?? Infinity, lookMs);
    const saved = { ...observed, definition, progress: taken, wakeAtMs: Number.isFinite(wakesAtMs) ? wakesAtMs : undefined };
    if (JSON.stringify([saved.definition, saved.progress, saved.wakeAtMs]) !== JSON.stringify([schedule.definition, schedule.progress, schedule.wakeAtMs]) && !(await store.save(saved))) {
      return false;
    }
    if (saved.wakeAtMs !== undefined) this.arm(saved.wakeAtMs);
    this.#watch(saved);
    return true;
  }

  /** What has become of the workflows that it started. */
  async #observed(schedule: StoredSchedule): Promise<StoredSchedule> {
    const running: WorkflowExecution[] = [];
    let { definition } = schedule;
    let lastEnding = schedule.progress.lastEnding;
    for (const execution of schedule.progress.running) {
      const { closed, unknown } = await this.#dependencies.findClosedRun(execution.workflowId, { runId: execution.runId, followRuns: true });
      const [ending] = closed;
      if (ending === undefined && unknown.length === 0) running.push(execution);
      if (ending === undefined) continue;
      lastEnding = { status: ending.status, ...(ending.result !== undefined && { result: ending.result }) };
      if (definition.policies.pauseOnFailure === true && (ending.status === 'FAILED' || ending.status === 'TIMED_OUT')) {
        definition = { ...definition, state: { ...definition.state, paused: true, note: `paused due to workflow failure: ${execution.workflowId}` } };
      }
    }
    return { ...schedule, definition, progress: { ...schedule.progress, running, ...(lastEnding !== undefined && { lastEnding }) } };
  }

  /** Takes what can be taken of the buffered actions; the others stay. */
  async #take(schedule: StoredSchedule): Promise<ScheduleProgress> {
    const { progress } = schedule;
    let { running, actionsSkipped, actionsTaken, recentActions } = progress;
    const waiting: ScheduleProgress['buffered'] = [];
    for (const [index, action] of progress.buffered.entries()) {
      // Of those that would end each other the newest alone is wanted.
      if (ENDS_OTHERS.has(action.overlap) && progress.buffered.findLastIndex(({ overlap }) => overlap === action.overlap) > index) {
        actionsSkipped += 1;
        continue;
      }
      const decision = decideOverlap(action.overlap, running.length > 0, waiting.length > 0);
      if (decision === 'skip') {
        actionsSkipped += 1;
        continue;
      }
      if (decision === 'wait' || decision === 'cancelAndWait') {
        if (decision === 'cancelAndWait') await this.#end(running, 'cancel');
        waiting.push(action);
        continue;
      }
      if (decision === 'terminateAndStart') {
        await this.#end(running, 'terminate');
        running = [];
      }
      const result = await this.#start(schedule, action.scheduledAtMs);
      if (result === undefined) continue;
      actionsTaken += 1;
      recentActions = [...recentActions, result].slice(-RECENT_MAX);
      running = [...running, result.execution].slice(-RUNNING_MAX);
    }
    return { ...progress, running, actionsSkipped, actionsTaken, recentActions, buffered: waiting };
  }

  /** Undefined: the action cannot be taken, now or later; it is logged. @throws StoreUnavailableError, OverloadedError */
  async #start({ scheduleId, definition: { action }, memo: _memo }: StoredSchedule, scheduledAtMs: number): Promise<ScheduleActionResult | undefined> {
    const { clock, start, logger } = this.#dependencies;
    const { type: _type, workflowId, ...request } = action;
    const [result] = await start([
      { ...request, workflowId: `${workflowId}-${timeText(scheduledAtMs)}`, requestFingerprint: `schedule ${scheduleId} ${scheduledAtMs}`, workflowIdReusePolicy: 'REJECT_DUPLICATE' },
    ]);
    switch (result?.status) {
      case 'started':
      case 'existing':
        return { scheduledAtMs, takenAtMs: clock.now(), execution: { workflowId: result.workflowId, runId: result.runId } };
      case 'rejected':
        if (result.error.code === 'OVERLOADED' || result.error.code === 'STORE_UNAVAILABLE') throw new StoreUnavailableError(RETRY_AFTER_FAILURE_MS);
        logger.error({ scheduleId, scheduledAtMs, error: result.error }, 'the action of a schedule was refused');
        return undefined;
      case 'conflict':
      case undefined:
        logger.error({ scheduleId, scheduledAtMs, workflowId }, 'the workflow id of a schedule’s action is taken by another workflow');
        return undefined;
      default:
        return result satisfies never;
    }
  }

  async #end(running: readonly WorkflowExecution[], how: 'cancel' | 'terminate'): Promise<void> {
    const { engine } = this.#dependencies;
    for (const { workflowId } of running) {
      try {
        // The current run: the one that was started may have continued as another.
        await (how === 'cancel' ? engine.cancel(workflowId, 'by its schedule’s overlap policy') : engine.terminate(workflowId, 'by its schedule’s overlap policy'));
      } catch (error) {
        if (!(error instanceof WorkflowAlreadyClosedError || error instanceof WorkflowNotFoundError)) throw error;
      }
    }
  }

  /** Sees to the schedule again once a running workflow is closed, where something waits for that. */
  #watch({ scheduleId, definition, progress }: StoredSchedule): void {
    const [first] = progress.running;
    if (first === undefined || !isAwaited(definition, progress) || this.#watched.has(scheduleId) || this.#stopped) return;
    this.#watched.add(scheduleId);
    void this.#dependencies
      .awaitClosed(first)
      .catch(async (error: unknown) => {
        this.#dependencies.logger.debug({ err: error, scheduleId }, 'a scheduled workflow could not be waited for');
        await this.#pause();
      })
      .then(() => {
        this.#watched.delete(scheduleId);
        if (this.#stopped) return undefined;
        this.#work = this.#work.then(() => this.seeTo(scheduleId)).catch((error: unknown) => {
          this.#dependencies.logger.warn({ err: error, scheduleId }, 'a schedule could not be seen to; trying again');
          this.arm(this.#dependencies.clock.now() + RETRY_AFTER_FAILURE_MS);
        });
        return this.#work;
      });
  }

  /** Waits a little; not at all once the runner stops. */
  async #pause(): Promise<void> {
    if (this.#stopped) return;
    const { clock, timers } = this.#dependencies;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = timers.at(clock.now() + RETRY_AFTER_FAILURE_MS, end);
      this.#pauses.add(end);
    });
  }
}

/** Whether something is to be done as soon as a running workflow ends. */
function isAwaited({ policies }: ScheduleDefinition, { buffered, running }: ScheduleProgress): boolean {
  return running.length > 0 && (buffered.length > 0 || policies.pauseOnFailure === true);
}

/** A time in a workflow id: whole seconds without a fraction. */
function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z');
}

