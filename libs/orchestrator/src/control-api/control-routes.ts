import type { EngineSurface } from '@backstitch/engine';
import { InvalidRequestError, OverloadedError, UnauthenticatedError, type ControlInfo } from '@backstitch/protocol';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { OrchestratorLogger } from '../observation/logger.js';
import { bearerTokenCheck } from './bearer-token.js';
import type { ClosedWaiters } from './closed-waiters.js';
import { errorAnswer } from './error-answers.js';
import {
  awaitClosedRequest,
  AWAIT_CLOSED_TIMEOUT_MAX_MS,
  cancelWorkflowRequest,
  historyQuery,
  incidentAction,
  incidentsQuery,
  listWorkflowsRequest,
  parseRequest,
  queryWorkflowRequest,
  resolveIncidentRequest,
  signalWorkflowRequest,
  startWorkflowsRequest,
  terminateWorkflowRequest,
} from './request-schemas.js';
import type { WorkflowLists } from './workflow-lists.js';

export interface ControlRoutesOptions {
  engine: EngineSurface;
  lists: WorkflowLists;
  waiters: ClosedWaiters;
  info: () => ControlInfo;
  controlToken: string;
  bodyBytesMax: number;
  logger: OrchestratorLogger;
  /** From then on calls are refused, so that a caller turns to another replica. */
  isStopping: () => boolean;
}

const STOPPING_RETRY_AFTER_MS = 1_000;

/**
 * The control API (`control-api.ts` of the protocol) as a Fastify plugin, to be registered under `/v1`. It is a plugin rather than a Nest controller
 * because the token is then checked before a body is read, and the body's limit is this wire's own.
 */
export function controlRoutes(options: ControlRoutesOptions): FastifyPluginAsync {
  const { engine, lists, waiters, bodyBytesMax } = options;
  const isAuthorized = bearerTokenCheck(options.controlToken);

  return async (fastify) => {
    fastify.addHook('onRequest', async (request) => {
      if (!isAuthorized(request.headers.authorization)) throw new UnauthenticatedError();
      if (options.isStopping()) throw new OverloadedError(STOPPING_RETRY_AFTER_MS);
    });
    fastify.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
    fastify.setNotFoundHandler(() => {
      throw new InvalidRequestError('', 'there is no such route');
    });
    const post = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): void => {
      fastify.route({ method: 'POST', url, bodyLimit: bodyBytesMax, handler });
    };

    post('/workflows', async ({ body }) => ({ results: await engine.start(parseRequest(startWorkflowsRequest, body).starts) }));
    post('/workflows/list', async ({ body }) => lists.listWorkflows(parseRequest(listWorkflowsRequest, body ?? {})));
    post('/workflows/await-closed', async ({ body }) => {
      const { workflowIds, timeoutMs } = parseRequest(awaitClosedRequest, body);
      return waiters.await(workflowIds, timeoutMs ?? AWAIT_CLOSED_TIMEOUT_MAX_MS);
    });
    fastify.get('/incidents', async ({ query }) => {
      const { cursor, pageSize } = parseRequest(incidentsQuery, query);
      return lists.listIncidents(cursor, pageSize);
    });
    fastify.get('/info', async () => options.info());

    // A wildcard, since Fastify refuses parameters of more than 100 characters and a workflow id may have 255 of any kind.
    fastify.get('/workflows/*', async (request) => {
      const { workflowId, rest } = splitWorkflowPath(request);
      if (rest.length === 0) return engine.describe(workflowId);
      if (rest.length === 1 && rest[0] === 'history') {
        const { afterEventId, limit } = parseRequest(historyQuery, request.query);
        return lists.readHistory(workflowId, afterEventId, limit);
      }
      throw new InvalidRequestError('', 'there is no such route');
    });
    post('/workflows/*', async (request, reply) => {
      const { workflowId, rest } = splitWorkflowPath(request);
      if (rest.length === 1 && rest[0] === 'query') {
        const { queryName, args } = parseRequest(queryWorkflowRequest, request.body);
        return { result: await engine.query(workflowId, queryName, args) };
      }
      await act(engine, workflowId, rest, request.body);
      return reply.code(204).send();
    });
  };
}

async function act(engine: EngineSurface, workflowId: string, path: readonly string[], body: unknown): Promise<void> {
  const [verb, incidentNumber, action] = path;
  if (verb === 'incidents' && path.length === 3) {
    await engine.resolveIncident(workflowId, readIncidentNumber(incidentNumber), parseRequest(incidentAction, action), parseRequest(resolveIncidentRequest, body));
    return;
  }
  if (path.length === 1 && verb === 'signal') {
    const { signalName, args, identity } = parseRequest(signalWorkflowRequest, body);
    return engine.signal(workflowId, signalName, args, identity);
  }
  if (path.length === 1 && verb === 'cancel') {
    const { reason, identity } = parseRequest(cancelWorkflowRequest, body ?? {});
    return engine.cancel(workflowId, reason, identity);
  }
  if (path.length === 1 && verb === 'terminate') {
    const { reason, identity } = parseRequest(terminateWorkflowRequest, body);
    return engine.terminate(workflowId, reason, identity);
  }
  throw new InvalidRequestError('', 'there is no such route');
}

/** `/v1/workflows/<id>/<rest…>` from the URL as it was sent: a slash within an id is percent-encoded. */
function splitWorkflowPath(request: FastifyRequest): { workflowId: string; rest: string[] } {
  const path = (request.raw.url ?? '').split('?', 1)[0] ?? '';
  const segments = path.split('/').slice(path.split('/').indexOf('workflows') + 1);
  try {
    const [workflowId = '', ...rest] = segments.map(decodeURIComponent);
    if (workflowId !== '' && !workflowId.includes('\0')) return { workflowId, rest };
  } catch {
    // Answered below.
  }
  throw new InvalidRequestError('', 'the path names no workflow id');
}

function readIncidentNumber(text: string | undefined): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidRequestError('', 'the path names no incident number');
  return number;
}

async function answerError(options: ControlRoutesOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const answer = errorAnswer(error, options.bodyBytesMax);
  if (answer.isFault) {
    options.logger.error({ err: error, method: request.method, url: request.url }, 'a control call failed');
  }
  await reply.code(answer.status).headers(answer.headers).send(answer.body);
}
