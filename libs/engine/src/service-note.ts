/**
 * What the host has found out about who serves a run (law L7). `sinceMs`: since when nobody does, as far as it is known.
 * An activity is named with its attempt, so that what has changed meanwhile is left alone.
 */
export type ServiceNote =
  | { type: 'queueNotServed'; runId: string; scheduledEventId: number; attempt: number; sinceMs: number }
  | { type: 'queueServed'; runId: string; scheduledEventId: number }
  | { type: 'buildNotServed'; runId: string; buildId: string; sinceMs: number }
  | { type: 'buildServed'; runId: string };
