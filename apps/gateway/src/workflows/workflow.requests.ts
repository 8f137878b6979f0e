import { LIMITS } from '@backstitch/protocol';
import { z } from 'zod';
import { cursorSchema, pageSizeSchema } from '../orders/order.requests.js';

/** Query of `GET /workflows`. */
export const listWorkflowsSchema = z.strictObject({
  workflowType: z.string().min(1).max(200).optional(),
  status: z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED']).optional(),
  startedAfter: z.iso.datetime({ offset: true }).optional(),
  startedBefore: z.iso.datetime({ offset: true }).optional(),
  withOpenIncidents: z.enum(['true', 'false']).optional(),
  cursor: cursorSchema.optional(),
  pageSize: pageSizeSchema,
});

/** Query of `GET /workflows/:workflowId/history`. */
export const historySchema = z.strictObject({
  afterEventId: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

/** Query of `GET /incidents`. */
export const listIncidentsSchema = z.strictObject({ cursor: cursorSchema.optional(), pageSize: pageSizeSchema });

export const incidentActionSchema = z.enum(['retry', 'edit', 'skip', 'fail', 'rollback']);

/** Body of `POST /workflows/:workflowId/incidents/:n/:action`. */
export const resolveIncidentSchema = z.strictObject({
  /** Goes into the history. */
  reason: z.string().trim().min(1).max(1_000),
  /** `edit`: the new input. `skip`: the result for the workflow. */
  value: z.json().optional(),
});

export const workflowIdSchema = z.string().min(1).max(LIMITS.workflowIdLengthMax);
