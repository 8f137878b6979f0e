import type { JsonObject, ScheduleDefinition, ScheduleProgress, SearchAttributes } from '@backstitch/protocol';

/** A schedule as it is kept. */
export interface StoredSchedule {
  scheduleId: string;
  partition: number;
  /** Each change makes it one more; a change of an earlier version is refused. */
  version: number;
  definition: ScheduleDefinition;
  progress: ScheduleProgress;
  memo: JsonObject;
  searchAttributes: SearchAttributes;
  /** When it wants to be looked at. */
  wakeAtMs: number | undefined;
  createdAtMs: number;
  updatedAtMs: number | undefined;
}

/**
 * Keeps schedules.
 *
 * Guarantees: what was answered is kept; of two that save the same version one is refused. Every method @throws StoreUnavailableError
 *
 * Does not promise: that what was loaded is still the newest when it is looked at.
 */
export interface ScheduleStore {
  /** False: the id is taken. */
  create(schedule: StoredSchedule): Promise<boolean>;
  /** Writes the next version. False: somebody else did, or it was deleted. */
  save(schedule: StoredSchedule): Promise<boolean>;
  load(scheduleId: string): Promise<StoredSchedule | undefined>;
  /** In order of their ids, those after this one. */
  list(afterId: string | undefined, limit: number): Promise<StoredSchedule[]>;
  /** False: there is none. */
  delete(scheduleId: string): Promise<boolean>;
  /** The earliest time at which a schedule of these partitions wants to be looked at. */
  earliestWakeAtMs(partitions: readonly number[]): Promise<number | undefined>;
  /** Schedules of these partitions that want to be looked at, longest due first. */
  due(partitions: readonly number[], nowMs: number, limit: number): Promise<string[]>;
}
