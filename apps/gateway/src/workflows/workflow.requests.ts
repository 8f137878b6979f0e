import { LIMITS } from '@backstitch/protocol';
import { z } from 'zod';
import { cursorSchema, pageSizeSchema } from '../orders/order.requests.js';

export const workflowStatusSchema = z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW']);

/** Query of `GET /workflows`. */
export const listWorkflowsSchema = z
  .strictObject({
    query: z.string().min(1).max(10_000).optional().describe("a list filter, such as WorkflowType = 'orderWorkflow' AND CustomerId = '17850'; besides it nothing but cursor and pageSize may be given"),
    workflowType: z.string().min(1).max(200).optional(),
    status: workflowStatusSchema.optional(),
    startedAfter: z.iso.datetime({ offset: true }).optional(),
    startedBefore: z.iso.datetime({ offset: true }).optional(),
    withOpenIncidents: z.enum(['true', 'false']).optional(),
    cursor: cursorSchema.optional(),
    pageSize: pageSizeSchema,
  })
  .refine(({ query, cursor: _cursor, pageSize: _pageSize, ...others }) => query === undefined || Object.values(others).every((value) => value === undefined), {
    path: ['query'],
    error: 'takes nothing but cursor and pageSize beside it',
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
