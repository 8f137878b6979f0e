import { LIMITS, type BackfillScheduleRequest, type CreateScheduleRequest, type PauseScheduleRequest, type ScheduleCalendar, type ScheduleDefinition, type ScheduleRange, type TriggerScheduleRequest, type UpdateScheduleRequest } from '@backstitch/protocol';
import { z } from 'zod';
import { jsonObject, name, note, searchAttributes, startWorkflowFields, workflowId } from '../control-api/request-schemas.js';

const ENTRIES_MAX = 1_000;
const range: z.ZodType<ScheduleRange> = z.object({ start: z.int().min(0), end: z.int().min(0).optional(), step: z.int().min(1).optional() });
const ranges = z.array(range).max(ENTRIES_MAX).optional();
const calendar: z.ZodType<ScheduleCalendar> = z.object({
  second: ranges,
  minute: ranges,
  hour: ranges,
  dayOfMonth: ranges,
  month: ranges,
  year: ranges,
  dayOfWeek: ranges,
  comment: note.optional(),
});
const overlap = z.enum(['SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL']);
const timeMs = z.int().min(-8_640_000_000_000_000).max(8_640_000_000_000_000);
const durationMs = z.int().min(0);

const definition: z.ZodType<ScheduleDefinition> = z.object({
  spec: z.object({
    calendars: z.array(calendar).max(ENTRIES_MAX).optional(),
    intervals: z.array(z.object({ everyMs: durationMs, offsetMs: durationMs.optional() })).max(ENTRIES_MAX).optional(),
    cronExpressions: z.array(z.string().max(500)).max(ENTRIES_MAX).optional(),
    skip: z.array(calendar).max(ENTRIES_MAX).optional(),
    startAtMs: timeMs.optional(),
    endAtMs: timeMs.optional(),
    jitterMs: durationMs.optional(),
    timezone: z.string().max(100).optional(),
  }),
  // A time is put behind the workflow id.
  action: z.object({ ...startWorkflowFields, workflowId: workflowId.max(LIMITS.workflowIdLengthMax - 25), type: z.literal('startWorkflow') }),
  policies: z.object({ overlap: overlap.optional(), catchupWindowMs: durationMs.optional(), pauseOnFailure: z.boolean().optional() }),
  state: z.object({ paused: z.boolean().optional(), note: note.optional(), remainingActions: z.int().min(0).optional() }),
});
const backfill = z.object({ startMs: timeMs, endMs: timeMs, overlap: overlap.optional() });
const backfills = z.array(backfill).max(ENTRIES_MAX);

export const createScheduleRequest: z.ZodType<CreateScheduleRequest> = z.object({
  scheduleId: name,
  schedule: definition,
  memo: jsonObject.optional(),
  searchAttributes: searchAttributes.optional(),
  triggerImmediately: z.boolean().optional(),
  backfills: backfills.optional(),
  identity: name.optional(),
});
export const updateScheduleRequest: z.ZodType<UpdateScheduleRequest> = z.object({ schedule: definition, searchAttributes: searchAttributes.optional(), version: z.int().optional() });
export const triggerScheduleRequest: z.ZodType<TriggerScheduleRequest> = z.object({ overlap: overlap.optional() });
export const backfillScheduleRequest: z.ZodType<BackfillScheduleRequest> = z.object({ backfills });
export const pauseScheduleRequest: z.ZodType<PauseScheduleRequest> = z.object({ note: note.optional() });
export const schedulesQuery = z.object({
  cursor: z.string().max(1_000).optional(),
  pageSize: z.coerce.number().pipe(z.int().min(1).max(LIMITS.pageSizeMax)).default(100),
});
