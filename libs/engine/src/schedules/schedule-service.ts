import {
  InvalidRequestError,
  partitionOf,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  type BackfillScheduleRequest,
  type CreateScheduleRequest,
  type ScheduleDefinition,
  type ScheduleDescription,
  type ScheduleProgress,
  type TriggerScheduleRequest,
  type UpdateScheduleRequest,
} from '@backstitch/protocol';
import type { Clock } from '../ports/clock.js';
import type { ScheduleStore, StoredSchedule } from '../ports/schedule-store.js';
import { backfilled, BUFFERED_MAX } from './due-actions.js';
import type { ScheduleRunner } from './schedule-runner.js';
import { ScheduleTimes } from './schedule-times.js';

export interface ScheduleServiceOptions {
  clock: Clock;
  store: ScheduleStore;
  runner: Pick<ScheduleRunner, 'seeTo'>;
  partitionCount: number;
  /** Refuses an action whose workflow could not be started. @throws WorkflowTypeUnknownError */
  checkAction: (action: ScheduleDefinition['action']) => void;
}

const CONFLICTS_MAX = 10;
const NEXT_TIMES = 10;

/** What callers do with schedules. Each change is kept first, and seen to then. */
export class ScheduleService {
  readonly #options: ScheduleServiceOptions;

  constructor(options: ScheduleServiceOptions) {
    this.#options = options;
  }

  /** @throws ScheduleAlreadyExistsError, InvalidRequestError, WorkflowTypeUnknownError */
  async create({ scheduleId, schedule, memo = {}, searchAttributes = {}, triggerImmediately, backfills = [] }: CreateScheduleRequest): Promise<void> {
    const { clock, store, partitionCount, checkAction } = this.#options;
    checkAction(schedule.action);
    const times = new ScheduleTimes(schedule.spec, scheduleId);
    const nowMs = clock.now();
    const progress: ScheduleProgress = {
      seenUpToMs: nowMs,
      actionsTaken: 0,
      actionsMissed: 0,
      actionsSkipped: 0,
      buffered: [...backfills.flatMap((backfill) => backfilled(schedule, times, backfill)), ...(triggerImmediately === true ? [triggered(schedule, nowMs)] : [])].slice(0, BUFFERED_MAX),
      running: [],
      recentActions: [],
    };
    const created = await store.create({
      scheduleId,
      partition: partitionOf(scheduleId, partitionCount),
      version: 1,
      definition: schedule,
      progress,
      memo,
      searchAttributes,
      // Looked at once, here or, if this replica ends before, by whoever comes.
      wakeAtMs: nowMs,
      createdAtMs: nowMs,
      updatedAtMs: undefined,
    });
    if (!created) throw new ScheduleAlreadyExistsError(scheduleId);
    await this.#options.runner.seeTo(scheduleId);
  }

  /** @throws ScheduleNotFoundError */
  async describe(scheduleId: string): Promise<ScheduleDescription> {
    const schedule = await this.#options.store.load(scheduleId);
    if (schedule === undefined) throw new ScheduleNotFoundError(scheduleId);
    return describe(schedule, this.#options.clock.now());
  }

  /** Schedules after that id, in order of their ids; `nextAfterId` if there are more. */
  async list(afterId: string | undefined, pageSize: number): Promise<{ schedules: ScheduleDescription[]; nextAfterId?: string }> {
    const schedules = await this.#options.store.list(afterId, pageSize + 1);
    const page = schedules.slice(0, pageSize);
    const last = page.at(-1);
    const nowMs = this.#options.clock.now();
    return {
      schedules: page.map((schedule) => describe(schedule, nowMs)),
      ...(schedules.length > pageSize && last !== undefined && { nextAfterId: last.scheduleId }),
    };
  }

  /** @throws ScheduleNotFoundError, InvalidRequestError, WorkflowTypeUnknownError */
  async update(scheduleId: string, { schedule: definition, searchAttributes, version }: UpdateScheduleRequest): Promise<void> {
    this.#options.checkAction(definition.action);
    // What cannot be read is refused before anything is changed.
    new ScheduleTimes(definition.spec, scheduleId);
    await this.#change(scheduleId, (schedule) => {
      if (version !== undefined && version !== schedule.version) throw new InvalidRequestError('/version', 'is not the present one: the schedule was changed meanwhile');
      return { ...schedule, definition, searchAttributes: searchAttributes ?? schedule.searchAttributes, updatedAtMs: this.#options.clock.now(), progress: seenUpToNow(schedule, this.#options.clock.now()) };
    });
  }

  /** @throws ScheduleNotFoundError */
  async delete(scheduleId: string): Promise<void> {
    if (!(await this.#options.store.delete(scheduleId))) throw new ScheduleNotFoundError(scheduleId);
  }

  /** @throws ScheduleNotFoundError */
  async trigger(scheduleId: string, { overlap }: TriggerScheduleRequest): Promise<void> {
    const nowMs = this.#options.clock.now();
    await this.#change(scheduleId, (schedule) => withBuffered(schedule, [{ ...triggered(schedule.definition, nowMs), ...(overlap !== undefined && { overlap }) }]));
  }

  /** @throws ScheduleNotFoundError */
  async backfill(scheduleId: string, { backfills }: BackfillScheduleRequest): Promise<void> {
    await this.#change(scheduleId, (schedule) => {
      const times = new ScheduleTimes(schedule.definition.spec, scheduleId);
      return withBuffered(schedule, backfills.flatMap((backfill) => backfilled(schedule.definition, times, backfill)));
    });
  }

  /** @throws ScheduleNotFoundError */
  async setPaused(scheduleId: string, paused: boolean, note: string | undefined): Promise<void> {
    await this.#change(scheduleId, (schedule) => ({
      ...schedule,
      definition: { ...schedule.definition, state: { ...schedule.definition.state, paused, note: note ?? (paused ? 'paused' : 'unpaused') } },
      // What fell due while it was paused is not taken afterwards.
      progress: schedule.definition.state.paused === true ? seenUpToNow(schedule, this.#options.clock.now()) : schedule.progress,
    }));
  }

  async #change(scheduleId: string, change: (schedule: StoredSchedule) => StoredSchedule): Promise<void> {
    const { store, runner, clock } = this.#options;
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
      const schedule = await store.load(scheduleId);
      if (schedule === undefined) throw new ScheduleNotFoundError(scheduleId);
      if (await store.save({ ...change(schedule), wakeAtMs: clock.now() })) {
        await runner.seeTo(scheduleId);
        return;
      }
    }
    throw new InvalidRequestError('', 'the schedule is being changed by others all the time');
  }
}

function seenUpToNow({ progress }: StoredSchedule, nowMs: number): ScheduleProgress {
  return { ...progress, seenUpToMs: Math.max(progress.seenUpToMs, nowMs) };
}

function triggered(definition: ScheduleDefinition, nowMs: number): ScheduleProgress['buffered'][number] {
  return { scheduledAtMs: nowMs, overlap: definition.policies.overlap ?? 'SKIP', byHand: true };
}

/** With more actions to be taken; each time is one of its own, since it stands in a workflow id. */
function withBuffered(schedule: StoredSchedule, added: ScheduleProgress['buffered']): StoredSchedule {
  const { progress } = schedule;
  const taken = new Set([...progress.buffered, ...progress.recentActions].map(({ scheduledAtMs }) => scheduledAtMs));
  const distinct = added.map((action) => {
    let { scheduledAtMs } = action;
    // Only what is asked for now gets another time; a time of the past that was taken stays that one.
    while (taken.has(scheduledAtMs) && added.length === 1) scheduledAtMs += 1;
    return { ...action, scheduledAtMs };
  });
  return { ...schedule, progress: { ...progress, buffered: [...progress.buffered, ...distinct].slice(0, BUFFERED_MAX) } };
}

function describe({ scheduleId, definition, progress, memo, searchAttributes, version, createdAtMs, updatedAtMs }: StoredSchedule, nowMs: number): ScheduleDescription {
  const times = new ScheduleTimes(definition.spec, scheduleId);
  const nextActionTimesMs: number[] = [];
  if (definition.state.paused !== true && definition.state.remainingActions !== 0) {
    const wanted = Math.min(NEXT_TIMES, definition.state.remainingActions ?? NEXT_TIMES);
    for (let next = times.next(Math.max(nowMs, progress.seenUpToMs)); next !== undefined && nextActionTimesMs.length < wanted; next = times.next(next.nominalMs)) {
      nextActionTimesMs.push(next.actualMs);
    }
  }
  const { actionsTaken, actionsMissed, actionsSkipped, running, recentActions } = progress;
  return {
    scheduleId,
    schedule: definition,
    memo,
    searchAttributes,
    version,
    createdAtMs,
    ...(updatedAtMs !== undefined && { updatedAtMs }),
    actionsTaken,
    actionsMissed,
    actionsSkipped,
    running,
    recentActions,
    nextActionTimesMs,
  };
}
