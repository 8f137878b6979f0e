import { ENVELOPE_VERSION, type ActivityJob } from '@backstitch/protocol';
import { z } from 'zod';

/** Who waits for the outcome: what must be there even to answer that an envelope is not understood. */
export const routingSchema = z.object({
  workflowId: z.string().min(1),
  runId: z.string().min(1),
  scheduledEventId: z.int().min(1),
  attempt: z.int().min(1),
  dispatch: z.int().min(1),
  key: z.string().min(1),
  replyTo: z.string().min(1),
});

const durationMs = z.number().positive().optional();

/** The envelope of one attempt. Fields that this version does not know are left alone. */
export const activityJobSchema = z.object({
  ...routingSchema.shape,
  envelopeVersion: z.literal(ENVELOPE_VERSION),
  kind: z.literal('activity'),
  workflowType: z.string(),
  activityId: z.string(),
  activityType: z.string().min(1),
  input: z.array(z.custom<ActivityJob['input'][number]>((value) => value !== undefined)),
  undoOf: z.object({ key: z.string().min(1), activityType: z.string().min(1) }).optional(),
  supersedesKey: z.string().min(1).optional(),
  scheduledAtMs: z.number(),
  startToCloseTimeoutMs: durationMs,
  heartbeatTimeoutMs: durationMs,
  scheduleToStartTimeoutMs: durationMs,
  scheduleToCloseDeadlineMs: z.number().optional(),
  heartbeatDetails: z.custom<ActivityJob['heartbeatDetails']>(() => true).optional(),
  traceparent: z.string().optional(),
  headers: z.custom<ActivityJob['headers']>((value) => value === undefined || (typeof value === 'object' && value !== null)).optional(),
});

/** An envelope as far as a worker needs it. */
export type ReceivedActivityJob = z.output<typeof activityJobSchema>;
