import { RunOfOtherBuildError, type EngineSurface, type RunCall } from '@backstitch/engine';
import type { ScheduleService } from '@backstitch/engine/schedules';
import {
  CONTROL_DECLINED_HEADER,
  InvalidRequestError,
  OverloadedError,
  UnauthenticatedError,
  WorkflowNotFoundError,
  type ControlInfo,
  type StartWorkflowRequest,
  type StartWorkflowResult,
} from '@backstitch/protocol';
import { readTaskToken } from '@backstitch/protocol/task-token';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { StartAdmission } from '../admission/start-admission.js';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { ControlRouter } from '../routing/control-router.js';
import { scheduleRoutes } from '../schedules/schedule-routes.js';
import { INTERNAL_OUTCOMES_PATH } from '../routing/outcome-router.js';
import { INTERNAL_RUN_CALLS_PATH } from '../routing/run-messenger.js';
import { PASSED_ON_HEADER, type PeerAnswer } from '../routing/peer.js';
import type { ActivityActions } from './activity-actions.js';
import { bearerTokenCheck } from './bearer-token.js';
import type { ClosedWaiters } from './closed-waiters.js';
import { errorAnswer } from './error-answers.js';
import { openApiDocument } from './openapi.js';
import {
  awaitClosedRequest,
  AWAIT_CLOSED_TIMEOUT_MAX_MS,
  countWorkflowsRequest,
  historyQuery,
  incidentsQuery,
  listWorkflowsRequest,
  parseRequest,
  passedOnOutcomes,
  passedOnRunCalls,
  runQuery,
  startWorkflowsRequest,
  taskTokenRequest,
  UPDATE_TIMEOUT_DEFAULT_MS,
  updateQuery,
  updateWithStartRequest,
} from './request-schemas.js';
import { deploymentRoutes, type DeploymentRoutesOptions } from '../versioning/deployment-routes.js';
import { actOnWorkflow, isRepeatable, waitOf, type AddressedRun } from './workflow-actions.js';
import type { WorkflowLists } from './workflow-lists.js';

export interface ControlRoutesOptions {
  engine: EngineSurface;
  /** Whether starts are taken. Default: always. */
  admission?: Pick<StartAdmission, 'check' | 'admit'>;
  /** Passes calls on to the replica that holds the run. */
  router: Pick<ControlRouter, 'start' | 'relay'>;
  lists: WorkflowLists;
  waiters: ClosedWaiters;
  schedules: ScheduleService;
  builds: DeploymentRoutesOptions['builds'];
  /** Another build's replica recorded something for these runs. */
  wake: DeploymentRoutesOptions['wake'];
  /** A run of that workflow is another build's. */
  learn: (workflowId: string, buildId: string) => void;
  /** Actions on activities, by their ids or by task token. */
  activities: ActivityActions;
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
    /** The answer of the replica that holds the run; undefined: it is to be answered here. */
    const relay = async (request: FastifyRequest, workflowId: string, { isRepeatable: repeatable, waitMs }: { isRepeatable: boolean; waitMs?: number | undefined }, passesOnAgain = false): Promise<PeerAnswer | undefined> => {
      if (isPassedOn(request) && !passesOnAgain) return undefined;
      const path = request.url.slice(fastify.prefix.length);
      return router.relay(workflowId, { method: request.method === 'GET' ? 'GET' : 'POST', path, body: request.body, isRepeatable: repeatable, ...(waitMs !== undefined && { waitMs }) });
    };
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
    fastify.route({
      method: 'POST',
      url: '/workflows/update-with-start',
      bodyLimit: bodyBytesMax,
      onRequest: async () => admission?.check(),
      handler: async (request, reply) => {
        const body = parseRequest(updateWithStartRequest, request.body);
        const { timeoutMs = UPDATE_TIMEOUT_DEFAULT_MS } = body.update;
        const relayed = await relay(request, body.start.workflowId, { isRepeatable: true, waitMs: timeoutMs });
        if (relayed !== undefined) return send(reply, relayed);
        const committed = admission?.admit(1);
        try {
          return await engine.updateWithStart(body, AbortSignal.timeout(timeoutMs));
        } finally {
          committed?.();
        }
      },
    });
    post('/workflows/count', async ({ body }) => lists.countWorkflows(parseRequest(countWorkflowsRequest, body ?? {})));
    post('/workflows/list', async ({ body }) => lists.listWorkflows(parseRequest(listWorkflowsRequest, body ?? {})));
    post('/workflows/await-closed', async (request) => {
      const { workflowIds, timeoutMs = AWAIT_CLOSED_TIMEOUT_MAX_MS, runId, followRuns = true } = parseRequest(awaitClosedRequest, request.body);
      if (runId !== undefined && !isRunId(runId)) return { closed: [], unknown: workflowIds };
      return waiters.await(workflowIds, timeoutMs, isPassedOn(request), runId === undefined ? undefined : { runId, followRuns });
    });
    // Between replicas alone: no part of the public API.
    post(INTERNAL_OUTCOMES_PATH, async ({ body }, reply) => {
      await engine.deliver(parseRequest(passedOnOutcomes, body).outcomes);
      return reply.code(204).send();
    });
    post(INTERNAL_RUN_CALLS_PATH, async ({ body }) => ({ answers: await engine.receive(parseRequest(passedOnRunCalls, body).calls as RunCall[]) }));
    deploymentRoutes(fastify, { builds: options.builds, wake: options.wake, bodyBytesMax });
    scheduleRoutes(fastify, { schedules: options.schedules, bodyBytesMax, relay, send });
    // A task token names its workflow; it stands in the body, since URLs get into logs.
    post('/activities/by-token/:action', async (request, reply) => {
      const { action } = request.params as { action: string };
      const workflowId = readTaskToken(parseRequest(taskTokenRequest, request.body).taskToken).workflowId;
      const relayed = await relay(request, workflowId, { isRepeatable: action === 'heartbeat' });
      if (relayed !== undefined) return send(reply, relayed);
      const answer = await options.activities.byToken(action, request.body);
      return answer ?? reply.code(204).send();
    });
    fastify.get('/incidents', async ({ query }) => {
      const { cursor, pageSize } = parseRequest(incidentsQuery, query);
      return lists.listIncidents(cursor, pageSize);
    });
    fastify.get('/info', async () => options.info());
    fastify.get('/openapi.json', async () => openApiDocument());

    // A wildcard, since Fastify refuses parameters of more than 100 characters and a workflow id may have 255 of any kind.
    fastify.get('/workflows/*', async (request, reply) => {
      const { workflowId, rest } = splitWorkflowPath(request);
      const { runId } = addressed(request, workflowId);
      if (rest.length === 0) return lists.complete(await engine.describe(workflowId, runId));
      if (rest.length === 1 && rest[0] === 'history') {
        const { afterEventId, limit } = parseRequest(historyQuery, request.query);
        return lists.readHistory(workflowId, runId, afterEventId, limit);
      }
      if (rest.length === 2 && rest[0] === 'updates' && rest[1] !== undefined) {
        const { timeoutMs } = parseRequest(updateQuery, request.query);
        const relayed = await relay(request, workflowId, { isRepeatable: true, waitMs: timeoutMs });
        return relayed === undefined ? engine.pollUpdate(workflowId, rest[1], runId, AbortSignal.timeout(timeoutMs)) : send(reply, relayed);
      }
      throw new InvalidRequestError('', 'there is no such route');
    });
    post('/workflows/*', async (request, reply) => {
      const { workflowId, rest } = splitWorkflowPath(request);
      const run = addressed(request, workflowId);
      const relaying = { isRepeatable: isRepeatable(rest, request.body), waitMs: waitOf(rest, request.body) };
      const relayed = await relay(request, workflowId, relaying);
      if (relayed !== undefined) return send(reply, relayed);
      let answer: object | undefined;
      try {
        answer = await actOnWorkflow({ engine, lists, activities: options.activities }, run, rest, request.body);
      } catch (error) {
        // Only its own build's code can answer; from now on it is asked at once.
        if (!(error instanceof RunOfOtherBuildError)) throw error;
        options.learn(workflowId, error.buildId);
        // Of a pinned run there is no doubt who answers, so that a call cannot go round.
        const answered = await relay(request, workflowId, relaying, error.isPinned);
        if (answered === undefined) throw error;
        return send(reply, answered);
      }
      return answer === undefined ? reply.code(204).send() : answer;
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

/** Which run of the workflow the request is for. @throws WorkflowNotFoundError for what is no run id */
function addressed(request: FastifyRequest, workflowId: string): AddressedRun {
  const { runId, firstExecutionRunId } = parseRequest(runQuery, request.query);
  if ((runId !== undefined && !isRunId(runId)) || (firstExecutionRunId !== undefined && !isRunId(firstExecutionRunId))) {
    throw new WorkflowNotFoundError(workflowId);
  }
  return { workflowId, runId, firstExecutionRunId };
}

const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function isRunId(text: string): boolean {
  return RUN_ID.test(text);
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

async function answerError(options: ControlRoutesOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const answer = errorAnswer(error, options.bodyBytesMax);
  if (answer.isFault) {
    options.logger.error({ err: error, method: request.method, url: request.url }, 'a control call failed');
  }
  await reply.code(answer.status).headers(answer.headers).send(answer.body);
}
