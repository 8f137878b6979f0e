import type { ScheduleStore, StoredSchedule } from '@backstitch/engine/schedules';

/** ScheduleStore in memory, for tests. What goes in and out is copied. */
export class InMemoryScheduleStore implements ScheduleStore {
  readonly #schedules = new Map<string, StoredSchedule>();

  create(schedule: StoredSchedule): Promise<boolean> {
    if (this.#schedules.has(schedule.scheduleId)) return Promise.resolve(false);
    this.#schedules.set(schedule.scheduleId, structuredClone(schedule));
    return Promise.resolve(true);
  }

  save(schedule: StoredSchedule): Promise<boolean> {
    if (this.#schedules.get(schedule.scheduleId)?.version !== schedule.version) return Promise.resolve(false);
    this.#schedules.set(schedule.scheduleId, structuredClone({ ...schedule, version: schedule.version + 1 }));
    return Promise.resolve(true);
  }

  load(scheduleId: string): Promise<StoredSchedule | undefined> {
    return Promise.resolve(structuredClone(this.#schedules.get(scheduleId)));
  }

  list(afterId: string | undefined, limit: number): Promise<StoredSchedule[]> {
    const ids = [...this.#schedules.keys()].filter((id) => afterId === undefined || id > afterId).sort();
    return Promise.resolve(ids.slice(0, limit).flatMap((id) => structuredClone(this.#schedules.get(id)) ?? []));
  }

  delete(scheduleId: string): Promise<boolean> {
    return Promise.resolve(this.#schedules.delete(scheduleId));
  }

  earliestWakeAtMs(partitions: readonly number[]): Promise<number | undefined> {
    const times = this.#waiting(partitions).map(({ wakeAtMs }) => wakeAtMs);
    return Promise.resolve(times.length === 0 ? undefined : Math.min(...times));
  }

  due(partitions: readonly number[], nowMs: number, limit: number): Promise<string[]> {
    const due = this.#waiting(partitions).filter(({ wakeAtMs }) => wakeAtMs <= nowMs);
    due.sort((one, other) => one.wakeAtMs - other.wakeAtMs || (one.scheduleId < other.scheduleId ? -1 : 1));
    return Promise.resolve(due.slice(0, limit).map(({ scheduleId }) => scheduleId));
  }

  #waiting(partitions: readonly number[]): { scheduleId: string; wakeAtMs: number }[] {
    return [...this.#schedules.values()].flatMap(({ scheduleId, partition, wakeAtMs }) =>
      wakeAtMs === undefined || !partitions.includes(partition) ? [] : [{ scheduleId, wakeAtMs }],
    );
  }
}
