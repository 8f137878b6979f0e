import { z } from 'zod';

/** What its holder got from the handler of the activity: `activityInfo().base64TaskToken`. It stands in the body, since URLs get into logs. */
const taskToken = z.string().min(40).max(6_000);

export const completeActivitySchema = z.strictObject({ taskToken, result: z.json().optional() });

export const failActivitySchema = z.strictObject({
  taskToken,
  message: z.string().min(1).max(8_000),
  /** Retry policies name it. */
  type: z.string().min(1).max(200).optional(),
  /** True: the activity is not tried again. */
  nonRetryable: z.boolean().optional(),
  details: z.array(z.json()).max(100).optional(),
});

export const activityDetailsSchema = z.strictObject({ taskToken, details: z.json().optional() });

export const heartbeatAnswerSchema = z.object({ cancelRequested: z.boolean(), paused: z.boolean() });
