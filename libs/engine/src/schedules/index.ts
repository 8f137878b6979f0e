/** Schedules: what starts workflows by the clock. Behind ports, as the engine is. */
export { ScheduleRunner, type ScheduledRunsClosed, type ScheduleLogger, type ScheduleRunnerDependencies } from './schedule-runner.js';
export { ScheduleService, type ScheduleServiceOptions } from './schedule-service.js';
export { ScheduleTimes, type ScheduledTime } from './schedule-times.js';
export type { ScheduleStore, StoredSchedule } from '../ports/schedule-store.js';
export type { Timers } from '../ports/timers.js';
