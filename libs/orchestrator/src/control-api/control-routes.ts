import type { EngineSurface } from '@backstitch/engine';
import { CONTROL_DECLINED_HEADER, InvalidRequestError, OverloadedError, UnauthenticatedError, type ControlInfo, type StartWorkflowRequest, type StartWorkflowResult } from '@backstitch/protocol';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { StartAdmission } from '../admission/start-admission.js';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { ControlRouter } from '../routing/control-router.js';
import { INTERNAL_OUTCOMES_PATH } from '../routing/outcome-router.js';
import { PASSED_ON_HEADER, type PeerAnswer } from '../routing/peer.js';
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
  passedOnOutcomes,
  queryWorkflowRequest,
  resolveIncidentRequest,
  signalWorkflowRequest,
  startWorkflowsRequest,
  terminateWorkflowRequest,
} from './request-schemas.js';
import type { WorkflowLists } from './workflow-lists.js';

export interface ControlRoutesOptions {
  engine: EngineSurface;
  /** Whether starts are taken. Default: always. */
  admission?: Pick<StartAdmission, 'check' | 'admit'>;
  /** Passes calls on to the replica that holds the run. */
  router: Pick<ControlRouter, 'start' | 'relay'>;
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
/** Made twice these do no harm, and answer the same. */
const REPEATABLE_VERBS = new Set(['query', 'cancel']);

/**
 * The control API (`control-api.ts` of the protocol) as a Fastify plugin, to be registered under `/v1`. It is a plugin rather than a Nest controller
 * because the token is then checked before a body is read, and the body's limit is this wire's own.
 */
export function controlRoutes(options: ControlRoutesOptions): FastifyPluginAsync {
  const { engine, admission, router, lists, waiters, bodyBytesMax } = options;
  const isAuthorized = bearerTokenCheck(options.controlToken);

  return async (fastify) => {
    fastify.addHook('onRequest', async (request, reply) => {
      if (!isAuthorized(request.headers.authorization)) throw new UnauthenticatedError();
      if (options.isStopping()) {
        // Another replica then does without this one.
        reply.header(CONTROL_DECLINED_HEADER, 'stopping');
        throw new OverloadedError(STOPPING_RETRY_AFTER_MS);
      }
    });
    fastify.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
    fastify.setNotFoundHandler(() => {
      throw new InvalidRequestError('', 'there is no such route');
    });
    const post = (url: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): void => {
      fastify.route({ method: 'POST', url, bodyLimit: bodyBytesMax, handler });
    };

    fastify.route({
      method: 'POST',
      url: '/workflows',
      bodyLimit: bodyBytesMax,
      // Before the body is read: a flood of starts costs little.
      onRequest: async () => admission?.check(),
      handler: async (request) => {
        const { starts } = parseRequest(startWorkflowsRequest, request.body);
        return { results: await (isPassedOn(request) ? startHere(options, starts) : router.start(starts)) };
      },
    });
    post('/workflows/list', async ({ body }) => lists.listWorkflows(parseRequest(listWorkflowsRequest, body ?? {})));
    post('/workflows/await-closed', async (request) => {
      const { workflowIds, timeoutMs } = parseRequest(awaitClosedRequest, request.body);
      return waiters.await(workflowIds, timeoutMs ?? AWAIT_CLOSED_TIMEOUT_MAX_MS, isPassedOn(request));
    });
    // Between replicas alone: no part of the public API.
    post(INTERNAL_OUTCOMES_PATH, async ({ body }, reply) => {
      await engine.deliver(parseRequest(passedOnOutcomes, body).outcomes);
      return reply.code(204).send();
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
      if (!isPassedOn(request)) {
        const call = { method: 'POST', path: request.url.slice(fastify.prefix.length), body: request.body, isRepeatable: REPEATABLE_VERBS.has(rest[0] ?? '') } as const;
        const relayed = await router.relay(workflowId, call);
        if (relayed !== undefined) return send(reply, relayed);
      }
      if (rest.length === 1 && rest[0] === 'query') {
        const { queryName, args } = parseRequest(queryWorkflowRequest, request.body);
        return { result: await engine.query(workflowId, queryName, args) };
      }
      await act(engine, workflowId, rest, request.body);
      return reply.code(204).send();
    });
  };
}

/** Starts workflows in this replica, if it takes starts. @throws OverloadedError */
export async function startHere({ engine, admission }: Pick<ControlRoutesOptions, 'engine' | 'admission'>, starts: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
  const committed = admission?.admit(starts.length);
  try {
    return await engine.start(starts);
  } finally {
    committed?.();
  }
}

/** Another replica passed the call on: it is answered here, whoever holds the run. */
function isPassedOn(request: FastifyRequest): boolean {
  return request.headers[PASSED_ON_HEADER] !== undefined;
}

/** The answer of another replica, as it came. */
async function send(reply: FastifyReply, { status, retryAfter, text }: PeerAnswer): Promise<unknown> {
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return text === '' ? reply.code(status).send() : reply.code(status).type('application/json; charset=utf-8').send(text);
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
