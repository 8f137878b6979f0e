import { z } from 'zod';
import {
  backfillScheduleRequest,
  createScheduleRequest,
  pauseScheduleRequest,
  schedulesQuery,
  triggerScheduleRequest,
  updateScheduleRequest,
} from '../schedules/schedule-schemas.js';
import {
  awaitClosedRequest,
  cancelWorkflowRequest,
  countWorkflowsRequest,
  forkWorkflowRequest,
  historyQuery,
  incidentsQuery,
  listWorkflowsRequest,
  pauseWorkflowRequest,
  queryWorkflowRequest,
  resetWorkflowRequest,
  resolveIncidentRequest,
  runQuery,
  signalWorkflowRequest,
  startWorkflowsRequest,
  terminateWorkflowRequest,
  updateQuery,
  updateWithStartRequest,
  updateWorkflowRequest,
} from './request-schemas.js';

interface Operation {
  method: 'get' | 'post';
  path: string;
  summary: string;
  body?: z.ZodType;
  query?: z.ZodObject;
  /** What is answered; absent: 204. The types are in `control-api.ts` and `schedules.ts` of the protocol. */
  answers?: string;
}

const activityAction = z.object({ reason: z.string().optional(), identity: z.string().optional(), result: z.any().optional(), failure: z.any().optional(), details: z.any().optional() });
const byToken = activityAction.omit({ reason: true }).extend({ taskToken: z.string() });

/** Every route of the control wire, apart from those between replicas. */
export const OPERATIONS: readonly Operation[] = [
  { method: 'post', path: '/workflows', summary: 'Starts workflows; each succeeds or fails alone.', body: startWorkflowsRequest, answers: 'StartWorkflowsResponse' },
  { method: 'post', path: '/workflows/update-with-start', summary: 'Starts a workflow, or takes the one that runs, and sends it an update.', body: updateWithStartRequest, answers: 'UpdateWithStartResponse' },
  { method: 'post', path: '/workflows/list', summary: 'A page of workflows, newest first.', body: listWorkflowsRequest, answers: 'ListWorkflowsResponse' },
  { method: 'post', path: '/workflows/count', summary: 'How many workflows a list filter names.', body: countWorkflowsRequest, answers: 'CountWorkflowsResponse' },
  { method: 'post', path: '/workflows/await-closed', summary: 'Waits until one of the workflows is closed.', body: awaitClosedRequest, answers: 'AwaitClosedResponse' },
  { method: 'get', path: '/workflows/{workflowId}', summary: 'Describes a workflow.', query: runQuery, answers: 'WorkflowDescription' },
  { method: 'get', path: '/workflows/{workflowId}/history', summary: 'A page of a history.', query: historyQuery.extend({ runId: z.string().optional() }), answers: 'WorkflowHistoryResponse' },
  { method: 'get', path: '/workflows/{workflowId}/updates/{updateId}', summary: 'Waits for an update that was accepted.', query: updateQuery.extend({ runId: z.string().optional() }), answers: 'UpdateWorkflowResponse' },
  { method: 'post', path: '/workflows/{workflowId}/signal', summary: 'Sends a signal.', query: runQuery, body: signalWorkflowRequest },
  { method: 'post', path: '/workflows/{workflowId}/query', summary: 'Asks the workflow’s code.', query: runQuery, body: queryWorkflowRequest, answers: 'QueryWorkflowResponse' },
  { method: 'post', path: '/workflows/{workflowId}/update', summary: 'Sends an update; the same id again joins it.', query: runQuery, body: updateWorkflowRequest, answers: 'UpdateWorkflowResponse' },
  { method: 'post', path: '/workflows/{workflowId}/cancel', summary: 'Asks for cancellation.', query: runQuery, body: cancelWorkflowRequest },
  { method: 'post', path: '/workflows/{workflowId}/terminate', summary: 'Ends the workflow at once; with rollback its undos run. 200 names the rollback, where there is one.', query: runQuery, body: terminateWorkflowRequest },
  { method: 'post', path: '/workflows/{workflowId}/reset', summary: 'Ends the run and begins another one from an event on.', query: runQuery, body: resetWorkflowRequest, answers: 'WorkflowExecution' },
  { method: 'post', path: '/workflows/{workflowId}/fork', summary: 'Begins another workflow with the history up to an event.', query: runQuery, body: forkWorkflowRequest, answers: 'WorkflowExecution' },
  { method: 'post', path: '/workflows/{workflowId}/pause', summary: 'No workflow task and no new attempt from now on.', query: runQuery, body: pauseWorkflowRequest },
  { method: 'post', path: '/workflows/{workflowId}/unpause', summary: 'Goes on.', query: runQuery, body: pauseWorkflowRequest },
  { method: 'post', path: '/workflows/{workflowId}/incidents/{incidentNumber}/{action}', summary: 'Resolves an incident: retry, edit, skip, fail, rollback.', query: runQuery, body: resolveIncidentRequest },
  {
    method: 'post',
    path: '/workflows/{workflowId}/activities/{activityId}/{action}',
    summary: 'Acts on an activity: pause, unpause, retry, complete, fail, cancel, heartbeat (200: ActivityHeartbeatResponse).',
    query: runQuery,
    body: activityAction,
  },
  { method: 'post', path: '/activities/by-token/{action}', summary: 'complete, fail, cancel, heartbeat with a task token.', body: byToken },
  { method: 'get', path: '/incidents', summary: 'A page of open incidents, oldest first.', query: incidentsQuery, answers: 'ListIncidentsResponse' },
  { method: 'post', path: '/schedules', summary: 'Makes a schedule.', body: createScheduleRequest },
  { method: 'get', path: '/schedules', summary: 'A page of schedules.', query: schedulesQuery, answers: 'ListSchedulesResponse' },
  { method: 'get', path: '/schedules/{scheduleId}', summary: 'Describes a schedule.', answers: 'ScheduleDescription' },
  { method: 'post', path: '/schedules/{scheduleId}/update', summary: 'Changes a schedule.', body: updateScheduleRequest },
  { method: 'post', path: '/schedules/{scheduleId}/delete', summary: 'Deletes a schedule; what it started goes on.' },
  { method: 'post', path: '/schedules/{scheduleId}/trigger', summary: 'Takes an action now.', body: triggerScheduleRequest },
  { method: 'post', path: '/schedules/{scheduleId}/backfill', summary: 'Takes the actions of past times.', body: backfillScheduleRequest },
  { method: 'post', path: '/schedules/{scheduleId}/pause', summary: 'Takes no action from now on.', body: pauseScheduleRequest },
  { method: 'post', path: '/schedules/{scheduleId}/unpause', summary: 'Goes on.', body: pauseScheduleRequest },
  { method: 'get', path: '/info', summary: 'What this deployment knows.', answers: 'ControlInfo' },
  { method: 'get', path: '/openapi.json', summary: 'This description.', answers: 'OpenAPI 3.1' },
];

let document: object | undefined;

/** The control wire as an OpenAPI document; its request schemas are those that requests are read with. */
export function openApiDocument(): object {
  document ??= {
    openapi: '3.1.0',
    info: { title: 'Backstitch control API', version: '1', description: 'Errors are `{ "error": { "code", "message", "details" } }`; 503 has Retry-After.' },
    servers: [{ url: '/v1' }],
    security: [{ controlToken: [] }],
    components: { securitySchemes: { controlToken: { type: 'http', scheme: 'bearer' } } },
    paths: pathsOf(OPERATIONS),
  };
  return document;
}

function pathsOf(operations: readonly Operation[]): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method] = describe(operation);
  return paths;
}

function describe({ path, summary, body, query, answers }: Operation): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = Object.entries((query === undefined ? {} : schemaOf(query).properties) ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }));
  return {
    summary,
    ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
    ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: {
      ...(answers === undefined ? { 204: { description: 'Done.' } } : { 200: { description: answers, content: { 'application/json': {} } } }),
      default: { description: 'ControlErrorBody', content: { 'application/json': {} } },
    },
  };
}

function schemaOf(schema: z.ZodType): { properties?: Record<string, object> } {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return described as { properties?: Record<string, object> };
}
