import { z } from 'zod';
import { workflowStatusSchema } from '../workflows/workflow.requests.js';

const timeMs = z.int().describe('milliseconds since 1970, UTC');

const summary = z.object({
  workflowId: z.string(),
  runId: z.string(),
  workflowType: z.string(),
  status: workflowStatusSchema,
  startedAtMs: timeMs,
  closedAtMs: timeMs.optional(),
  searchAttributes: z.record(z.string(), z.array(z.json())),
  memo: z.record(z.string(), z.json()),
  openIncidents: z.int(),
});
// Failures, options and the like are as deep as the control wire has them.
const details = z.looseObject({});
const incident = z.looseObject({ incidentNumber: z.int(), kind: z.string(), openedAtMs: timeMs, message: z.string() });

/** Answers about workflows, for the documentation. */
export const WORKFLOW_ANSWERS = {
  list: z.object({ workflows: z.array(summary), nextCursor: z.string().optional() }),
  description: summary.extend({
    input: z.array(z.json()),
    result: z.json().optional(),
    failure: details.optional(),
    cancelRequested: z.boolean(),
    activities: z.array(
      z.looseObject({ activityId: z.string(), activityType: z.string(), status: z.string(), attempt: z.int(), undoOf: details.optional().describe('this activity is the undo of that step'), scheduledAtMs: timeMs, nextAttemptAtMs: timeMs.optional(), lastFailure: details.optional() }),
    ),
    timers: z.array(z.object({ timerId: z.string(), startedAtMs: timeMs, firesAtMs: timeMs })),
    incidents: z.array(incident),
    historyEvents: z.int(),
    historySizeBytes: z.int(),
  }),
  history: z.object({
    workflowId: z.string(),
    runId: z.string(),
    events: z.array(z.object({ eventId: z.int(), eventType: z.string(), eventTimeMs: timeMs, attributes: details })),
    nextAfterEventId: z.int().optional(),
  }),
  incidents: z.object({ incidents: z.array(incident.extend({ workflowId: z.string(), runId: z.string(), workflowType: z.string() })), nextCursor: z.string().optional() }),
};
