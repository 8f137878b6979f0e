import type { EngineSurface } from '@backstitch/engine';
import { InvalidRequestError } from '@backstitch/protocol';
import type { ActivityActions } from './activity-actions.js';
import {
  cancelWorkflowRequest,
  forkWorkflowRequest,
  incidentAction,
  parseRequest,
  pauseWorkflowRequest,
  queryWorkflowRequest,
  resetWorkflowRequest,
  resolveIncidentRequest,
  signalWorkflowRequest,
  terminateWorkflowRequest,
  UPDATE_TIMEOUT_DEFAULT_MS,
  UPDATE_TIMEOUT_MAX_MS,
  updateWorkflowRequest,
} from './request-schemas.js';
import type { WorkflowLists } from './workflow-lists.js';

/** A run as a caller names it. */
export interface AddressedRun {
  workflowId: string;
  /** Undefined: the current one. */
  runId: string | undefined;
  /** The current run must be of the chain that began with this one. */
  firstExecutionRunId: string | undefined;
}

export interface WorkflowActionsOptions {
  engine: EngineSurface;
  lists: Pick<WorkflowLists, 'currentRunOfChain'>;
  activities: Pick<ActivityActions, 'byId'>;
}

/** Made twice these do no harm, and answer the same. */
const REPEATABLE_VERBS: ReadonlySet<string> = new Set(['query', 'cancel', 'update', 'pause', 'unpause']);

export function isRepeatable([verb = '', , action]: readonly string[], body: unknown): boolean {
  const isOnce = verb === 'signal' && typeof (body as { requestId?: unknown } | null)?.requestId === 'string';
  return REPEATABLE_VERBS.has(verb) || isOnce || (verb === 'activities' && action === 'heartbeat');
}

/** How long an answer may be in coming, where it is awaited. */
export function waitOf([verb]: readonly string[], body: unknown): number | undefined {
  if (verb !== 'update') return undefined;
  const timeoutMs = (body as { timeoutMs?: unknown } | null)?.timeoutMs;
  return typeof timeoutMs === 'number' ? Math.min(timeoutMs, UPDATE_TIMEOUT_MAX_MS) : UPDATE_TIMEOUT_DEFAULT_MS;
}

/** What `POST /workflows/:workflowId/<path>` does; undefined: there is nothing to answer. @throws InvalidRequestError for what is no such path */
export async function actOnWorkflow({ engine, lists, activities }: WorkflowActionsOptions, run: AddressedRun, path: readonly string[], body: unknown): Promise<object | undefined> {
  const { workflowId, runId } = run;
  const [verb, second, third] = path;
  if (verb === 'incidents' && path.length === 3) {
    const action = parseRequest(incidentAction, third);
    await engine.resolveIncident(workflowId, readIncidentNumber(second), action, parseRequest(resolveIncidentRequest, body), runId);
    return undefined;
  }
  if (verb === 'activities' && path.length === 3 && second !== undefined && third !== undefined) {
    return (await activities.byId(workflowId, second, third, body, runId)) ?? undefined;
  }
  if (path.length !== 1) {
    throw new InvalidRequestError('', 'there is no such route');
  }
  switch (verb) {
    case 'query': {
      const { queryName, args, headers } = parseRequest(queryWorkflowRequest, body);
      return { result: await engine.query(workflowId, queryName, args, { ...only(runId), ...(headers !== undefined && { headers }) }) };
    }
    case 'signal': {
      const { signalName, args, identity, headers, requestId } = parseRequest(signalWorkflowRequest, body);
      await engine.signal(workflowId, signalName, args, identity, { ...only(runId), ...(headers !== undefined && { headers }), ...(requestId !== undefined && { requestId }) });
      return undefined;
    }
    case 'update': {
      const request = parseRequest(updateWorkflowRequest, body);
      return engine.update(workflowId, request, runId, AbortSignal.timeout(request.timeoutMs ?? UPDATE_TIMEOUT_DEFAULT_MS));
    }
    case 'cancel': {
      const { reason, identity } = parseRequest(cancelWorkflowRequest, body ?? {});
      await engine.cancel(workflowId, reason, identity, await runOfChain(lists, run));
      return undefined;
    }
    case 'terminate': {
      const { reason, identity, details, rollback } = parseRequest(terminateWorkflowRequest, body);
      const answer = await engine.terminate(workflowId, reason, identity, {
        ...only(await runOfChain(lists, run)),
        ...(details !== undefined && { details }),
        ...(rollback !== undefined && { rollback }),
      });
      // 204 where there is nothing to tell.
      return answer?.rollback === undefined ? undefined : answer;
    }
    case 'reset':
      return engine.reset(workflowId, parseRequest(resetWorkflowRequest, body), runId);
    case 'fork':
      return engine.fork(workflowId, parseRequest(forkWorkflowRequest, body), runId);
    case 'pause':
      await engine.pause(workflowId, parseRequest(pauseWorkflowRequest, body), runId);
      return undefined;
    case 'unpause':
      await engine.unpause(workflowId, parseRequest(pauseWorkflowRequest, body), runId);
      return undefined;
    default:
      throw new InvalidRequestError('', 'there is no such route');
  }
}

async function runOfChain(lists: Pick<WorkflowLists, 'currentRunOfChain'>, { workflowId, runId, firstExecutionRunId }: AddressedRun): Promise<string | undefined> {
  return runId ?? (firstExecutionRunId === undefined ? undefined : await lists.currentRunOfChain(workflowId, firstExecutionRunId));
}

function only(runId: string | undefined): { runId?: string } {
  return runId === undefined ? {} : { runId };
}

function readIncidentNumber(text: string | undefined): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidRequestError('', 'the path names no incident number');
  return number;
}
