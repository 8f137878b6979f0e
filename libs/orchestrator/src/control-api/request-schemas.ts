import {
  InvalidRequestError,
  LIMITS,
  type ActivityOutcome,
  type AwaitClosedRequest,
  type CancelWorkflowRequest,
  type CountWorkflowsRequest,
  type Headers,
  type JsonObject,
  type JsonValue,
  type ListWorkflowsRequest,
  type PauseWorkflowRequest,
  type QueryWorkflowRequest,
  type ResetWorkflowRequest,
  type ResolveIncidentRequest,
  type RetryPolicy,
  type SearchAttributes,
  type SearchAttributeValue,
  type SignalWorkflowRequest,
  type StartWorkflowRequest,
  type StartWorkflowsRequest,
  type TerminateWorkflowRequest,
  type UpdateWithStartRequest,
  type UpdateWorkflowRequest,
} from '@backstitch/protocol';
import { z } from 'zod';

/** Postgres cannot keep a NUL in a text. */
const text = z.string().refine((value) => !value.includes('\0'), 'must not contain NUL');
export const name = text.min(1).max(255);
export const workflowId = text.min(1).max(LIMITS.workflowIdLengthMax);
export const note = text.max(10_000);
// JSON was parsed already; walking through it again would only cost time.
const jsonValue = z.custom<JsonValue>((value) => value !== undefined, 'is required');
const jsonArray = z.custom<JsonValue[]>((value) => Array.isArray(value), 'must be an array');
export const jsonObject = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be an object');
const attributeValue: z.ZodType<SearchAttributeValue> = z.union([z.string(), z.number(), z.boolean()]);
export const searchAttributes: z.ZodType<SearchAttributes> = z.record(name, z.array(attributeValue));
const timeMs = z.int().min(0);
const pageSize = z.int().min(1).max(LIMITS.pageSizeMax);

const cronSchedule = text.min(1).max(200);
/** A filter is read as a whole before it is served. */
const listFilter = text.max(10_000);
/** A thousand years. */
const DURATION_MAX_MS = 1_000 * 366 * 24 * 60 * 60 * 1_000;

/** Longest wait of one call for an update. */
export const UPDATE_TIMEOUT_MAX_MS = 30_000;
export const UPDATE_TIMEOUT_DEFAULT_MS = 20_000;
/** Longest wait of one await-closed call. */
export const AWAIT_CLOSED_TIMEOUT_MAX_MS = 30_000;
/** Workflow ids in one await-closed call. */
export const AWAIT_CLOSED_IDS_MAX = 1_000;

const headers = jsonObject as z.ZodType<Headers>;
/** The longest time that still is a time: beyond it a date would be none. */
const durationMs = z.int().min(0).max(DURATION_MAX_MS);
const retryPolicy: z.ZodType<RetryPolicy> = z.object({
  initialIntervalMs: durationMs.min(1).optional(),
  backoffCoefficient: z.number().min(1).optional(),
  maximumIntervalMs: durationMs.min(1).optional(),
  maximumAttempts: z.int().min(0).optional(),
  nonRetryableErrorTypes: z.array(z.string().max(1_000)).max(1_000).optional(),
  jitter: z.number().min(0).max(1).optional(),
});

/** What every start says of its workflow. */
export const startWorkflowFields = {
  workflowType: name,
  args: jsonArray,
  taskQueue: name.optional(),
  memo: jsonObject.optional(),
  searchAttributes: searchAttributes.optional(),
  identity: name.optional(),
  traceparent: z.string().max(100).optional(),
  headers: headers.optional(),
  workflowExecutionTimeoutMs: durationMs.optional(),
  workflowRunTimeoutMs: durationMs.optional(),
  workflowTaskTimeoutMs: durationMs.optional(),
  retryPolicy: retryPolicy.optional(),
};

export const startWorkflowRequest: z.ZodType<StartWorkflowRequest> = z.object({
  ...startWorkflowFields,
  workflowId,
  requestFingerprint: text.min(1).max(1_000).optional(),
  workflowIdReusePolicy: z.enum(['ALLOW_DUPLICATE', 'ALLOW_DUPLICATE_FAILED_ONLY', 'REJECT_DUPLICATE']).optional(),
  workflowIdConflictPolicy: z.enum(['FAIL', 'USE_EXISTING', 'TERMINATE_EXISTING']).optional(),
  cronSchedule: cronSchedule.optional(),
  startDelayMs: durationMs.optional(),
  signal: z.object({ signalName: name, args: jsonArray, headers: headers.optional() }).optional(),
});
export const startWorkflowsRequest: z.ZodType<StartWorkflowsRequest> = z.object({ starts: z.array(startWorkflowRequest).min(1).max(LIMITS.startsPerCallMax) });

export const signalWorkflowRequest: z.ZodType<SignalWorkflowRequest> = z.object({
  signalName: name,
  args: jsonArray,
  identity: name.optional(),
  headers: headers.optional(),
  requestId: name.optional(),
});
export const queryWorkflowRequest: z.ZodType<QueryWorkflowRequest> = z.object({ queryName: name, args: jsonArray, headers: headers.optional() });
export const updateWorkflowRequest: z.ZodType<UpdateWorkflowRequest> = z.object({
  updateId: name,
  updateName: name,
  args: jsonArray,
  headers: headers.optional(),
  identity: name.optional(),
  waitForStage: z.enum(['ACCEPTED', 'COMPLETED']),
  timeoutMs: z.int().min(0).max(UPDATE_TIMEOUT_MAX_MS).optional(),
});
export const updateWithStartRequest: z.ZodType<UpdateWithStartRequest> = z.object({ start: startWorkflowRequest, update: updateWorkflowRequest });
/** `GET …/updates/:updateId`. */
export const updateQuery = z.object({ timeoutMs: z.coerce.number().pipe(z.int().min(0).max(UPDATE_TIMEOUT_MAX_MS)).default(UPDATE_TIMEOUT_DEFAULT_MS) });
export const resetWorkflowRequest: z.ZodType<ResetWorkflowRequest> = z.object({
  eventId: z.int().min(1),
  reason: note.min(1),
  identity: name.optional(),
  reapply: z.enum(['ALL', 'NONE']).optional(),
});
export const forkWorkflowRequest: z.ZodType<ResetWorkflowRequest> = z.object({
  eventId: z.int().min(1),
  reason: note.min(1),
  identity: name.optional(),
  reapply: z.enum(['ALL', 'NONE']).optional(),
  workflowId,
});
export const pauseWorkflowRequest: z.ZodType<PauseWorkflowRequest> = z.object({ reason: note.min(1), identity: name.optional() });
/** What a call by task token must have, to find who answers it. */
export const taskTokenRequest = z.object({ taskToken: z.string().min(1).max(10_000) });
/** Which run of the id, on every route of a workflow. */
export const runQuery = z.object({ runId: z.string().max(100).optional(), firstExecutionRunId: z.string().max(100).optional() });
export const cancelWorkflowRequest: z.ZodType<CancelWorkflowRequest> = z.object({ reason: note.optional(), identity: name.optional() });
export const terminateWorkflowRequest: z.ZodType<TerminateWorkflowRequest> = z.object({
  reason: note.min(1),
  identity: name.optional(),
  details: jsonArray.optional(),
  rollback: z.boolean().optional(),
});
export const resolveIncidentRequest: z.ZodType<ResolveIncidentRequest> = z.object({ reason: note.min(1), identity: name.optional(), value: jsonValue.optional() });
export const incidentAction = z.enum(['retry', 'edit', 'skip', 'fail', 'rollback']);

export const listWorkflowsRequest: z.ZodType<ListWorkflowsRequest> = z.object({
  workflowType: name.optional(),
  status: z.enum(['RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW']).optional(),
  searchAttributes: z.record(name, attributeValue).optional(),
  startedAfterMs: timeMs.optional(),
  startedBeforeMs: timeMs.optional(),
  withOpenIncidents: z.boolean().optional(),
  query: listFilter.optional(),
  cursor: z.string().max(1_000).optional(),
  pageSize: pageSize.optional(),
});

export const countWorkflowsRequest: z.ZodType<CountWorkflowsRequest> = z.object({ query: listFilter.optional() });

export const awaitClosedRequest: z.ZodType<AwaitClosedRequest> = z
  .object({
    workflowIds: z.array(workflowId).min(1).max(AWAIT_CLOSED_IDS_MAX),
    timeoutMs: z.int().min(0).max(AWAIT_CLOSED_TIMEOUT_MAX_MS).optional(),
    runId: z.string().max(100).optional(),
    followRuns: z.boolean().optional(),
  })
  .refine(({ workflowIds, runId }) => runId === undefined || workflowIds.length === 1, { path: ['runId'], message: 'takes exactly one workflow id' });

/** What another replica sends has been read before. */
export const passedOnOutcomes = z.object({ outcomes: z.custom<ActivityOutcome[]>((value) => Array.isArray(value), 'must be an array') });

export const passedOnRunCalls = z.object({ calls: z.custom<unknown[]>((value) => Array.isArray(value), 'must be an array') });

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
