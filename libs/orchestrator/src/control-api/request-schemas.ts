import {
  InvalidRequestError,
  LIMITS,
  type ActivityOutcome,
  type AwaitClosedRequest,
  type CancelWorkflowRequest,
  type JsonObject,
  type JsonValue,
  type ListWorkflowsRequest,
  type QueryWorkflowRequest,
  type ResolveIncidentRequest,
  type SearchAttributes,
  type SearchAttributeValue,
  type SignalWorkflowRequest,
  type StartWorkflowsRequest,
  type TerminateWorkflowRequest,
} from '@backstitch/protocol';
import { z } from 'zod';

/** Postgres cannot keep a NUL in a text. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain NUL');
const name = text.min(1).max(255);
const workflowId = text.min(1).max(LIMITS.workflowIdLengthMax);
const note = text.max(10_000);
// JSON was parsed already; walking through it again would only cost time.
const jsonValue = z.custom<JsonValue>((value) => value !== undefined, 'is required');
const jsonArray = z.custom<JsonValue[]>((value) => Array.isArray(value), 'must be an array');
const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be an object');
const attributeValue: z.ZodType<SearchAttributeValue> = z.union([z.string(), z.number(), z.boolean()]);
const searchAttributes: z.ZodType<SearchAttributes> = z.record(name, z.array(attributeValue));
const timeMs = z.int().min(0);
const pageSize = z.int().min(1).max(LIMITS.pageSizeMax);

/** Longest wait of one await-closed call. */
export const AWAIT_CLOSED_TIMEOUT_MAX_MS = 30_000;
/** Workflow ids in one await-closed call. */
export const AWAIT_CLOSED_IDS_MAX = 1_000;

export const startWorkflowsRequest: z.ZodType<StartWorkflowsRequest> = z.object({
  starts: z
    .array(
      z.object({
        workflowId,
        workflowType: name,
        args: jsonArray,
        memo: jsonObject.optional(),
        searchAttributes: searchAttributes.optional(),
        requestFingerprint: text.min(1).max(1_000).optional(),
        identity: name.optional(),
        traceparent: z.string().max(100).optional(),
      }),
    )
    .min(1)
    .max(LIMITS.startsPerCallMax),
});

export const signalWorkflowRequest: z.ZodType<SignalWorkflowRequest> = z.object({ signalName: name, args: jsonArray, identity: name.optional() });
export const queryWorkflowRequest: z.ZodType<QueryWorkflowRequest> = z.object({ queryName: name, args: jsonArray });
export const cancelWorkflowRequest: z.ZodType<CancelWorkflowRequest> = z.object({ reason: note.optional(), identity: name.optional() });
export const terminateWorkflowRequest: z.ZodType<TerminateWorkflowRequest> = z.object({ reason: note.min(1), identity: name.optional() });
export const resolveIncidentRequest: z.ZodType<ResolveIncidentRequest> = z.object({ reason: note.min(1), identity: name.optional(), value: jsonValue.optional() });
export const incidentAction = z.enum(['retry', 'edit', 'skip', 'fail']);

export const listWorkflowsRequest: z.ZodType<ListWorkflowsRequest> = z.object({
  workflowType: name.optional(),
  status: z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED']).optional(),
  searchAttributes: z.record(name, attributeValue).optional(),
  startedAfterMs: timeMs.optional(),
  startedBeforeMs: timeMs.optional(),
  withOpenIncidents: z.boolean().optional(),
  cursor: z.string().max(1_000).optional(),
  pageSize: pageSize.optional(),
});

export const awaitClosedRequest: z.ZodType<AwaitClosedRequest> = z.object({
  workflowIds: z.array(workflowId).min(1).max(AWAIT_CLOSED_IDS_MAX),
  timeoutMs: z.int().min(0).max(AWAIT_CLOSED_TIMEOUT_MAX_MS).optional(),
});

/** What another replica sends has been read before. */
export const passedOnOutcomes = z.object({ outcomes: z.custom<ActivityOutcome[]>((value) => Array.isArray(value), 'must be an array') });

export const historyQuery = z.object({
  afterEventId: z.coerce.number().int().min(0).max(2 ** 31 - 1).default(0),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});

export const incidentsQuery = z.object({
  status: z.literal('open').default('open'),
  cursor: z.string().max(1_000).optional(),
  pageSize: z.coerce.number().pipe(pageSize).default(100),
});

/** @throws InvalidRequestError that names the first violation by JSON pointer */
export function parseRequest<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const pointer = (issue?.path ?? []).map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  throw new InvalidRequestError(pointer, issue?.message ?? 'is not valid');
}
