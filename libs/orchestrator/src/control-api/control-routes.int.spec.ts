import { afterEach, describe, expect, it } from '@jest/globals';
import type { EngineSurface } from '@backstitch/engine';
import {
  ActivityAlreadyClosedError,
  ActivityNotFoundError,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  ListFilterInvalidError,
  OverloadedError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  StoreUnavailableError,
  UnauthenticatedError,
  UpdateNotFoundError,
  UpdateRejectedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
  type ControlApiError,
  type StartWorkflowRequest,
} from '@backstitch/protocol';
import Fastify, { type FastifyInstance } from 'fastify';
import type { AnyJson, Answer } from '../../test/orchestrator-harness.js';
import type { ScheduleService } from '@backstitch/engine/schedules';
import { SILENT_LOGGER } from '../observation/logger.js';
import type { ActivityActions } from './activity-actions.js';
import type { ClosedWaiters } from './closed-waiters.js';
import { controlRoutes } from './control-routes.js';
import type { WorkflowLists } from './workflow-lists.js';

const TOKEN = 'a-token-for-this-spec';
const RUN_ID = '01a1fdfe-9a93-7df0-86e3-28c36d16615d';

function makeApp(engine: Partial<EngineSurface>, isStopping = false): FastifyInstance {
  const fastify = Fastify({ forceCloseConnections: true });
  apps.push(fastify);
  const options = {
    engine: engine as EngineSurface,
    lists: { complete: (description: unknown) => Promise.resolve(description) } as WorkflowLists,
    waiters: {} as ClosedWaiters,
    activities: {} as ActivityActions,
    schedules: {} as ScheduleService,
    builds: { list: async () => ({ builds: [] }), setCurrent: async () => undefined },
    wake: async () => undefined,
    learn: () => undefined,
    router: { start: (starts: readonly StartWorkflowRequest[]) => engine.start!(starts), relay: async () => undefined },
    info: () => ({ workflowTypes: ['greeting'], searchAttributes: {}, partitions: { total: 64, owned: 64 } }),
    controlToken: TOKEN,
    bodyBytesMax: 1_000,
    logger: SILENT_LOGGER,
    isStopping: () => isStopping,
  };
  void fastify.register(controlRoutes(options), { prefix: '/v1' });
  return fastify;
}

interface Call {
  method: 'GET' | 'POST';
  url: string;
  payload?: string | object;
  headers?: Record<string, string>;
}

async function ask(app: FastifyInstance, { method, url, payload, headers }: Call): Promise<Answer> {
  const origin = app.server.listening ? app.listeningOrigin : await app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(origin + url, {
    method,
    headers: { ...(typeof payload === 'object' && { 'content-type': 'application/json' }), ...(headers ?? { authorization: `Bearer ${TOKEN}` }) },
    ...(payload === undefined ? {} : { body: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

describe('the control routes', () => {
  const everyError: [number, ControlApiError][] = [
    [404, new WorkflowNotFoundError('w')],
    [404, new IncidentNotFoundError('w', 1)],
    [404, new UpdateNotFoundError('w', 'u')],
    [404, new ActivityNotFoundError('w', '1')],
    [409, new ActivityAlreadyClosedError('w', '1', 'COMPLETED')],
    [404, new ScheduleNotFoundError('s')],
    [409, new ScheduleAlreadyExistsError('s')],
    [422, new UpdateRejectedError('u', { message: 'no' })],
    [400, new ListFilterInvalidError(3, 'AND')],
    [409, new WorkflowAlreadyClosedError('w', 'FAILED')],
    [409, new WorkflowExecutionAlreadyStartedError('w', 'r')],
    [409, new IncidentAlreadyResolvedError('w', 1)],
    [400, new WorkflowTypeUnknownError('t')],
    [400, new SearchAttributeUnknownError('a')],
    [400, new SearchAttributeInvalidError('a', 'b')],
    [400, new QueryNotRegisteredError('q')],
    [422, new QueryFailedError('q', 'r')],
    [400, new SignalNameReservedError('s')],
    [400, new InvalidRequestError('/a', 'b')],
    [413, new PayloadTooLargeError('p', 2, 1)],
    [401, new UnauthenticatedError()],
    [503, new OverloadedError(1_200)],
    [503, new StoreUnavailableError(3_000)],
    [500, new InternalError('i')],
  ];
  it.each(everyError.map(([status, error]) => [status, error.code, error] as const))('given an engine that throws, when a call is made, then the answer is %d with %s', async (status, _, error) => {
    const app = makeApp({ describe: () => Promise.reject(error) });
    const answer = await ask(app, { method: 'GET', url: '/v1/workflows/w' });
    expect([answer.status, answer.body]).toEqual([status, { error: error.toJSON() }]);
    expect(answer.headers.get('retry-after')).toBe(error.code === 'OVERLOADED' ? '2' : status === 503 ? '3' : null);
  });

  it('given a fault that is no error of the API, when a call is made, then the answer is 500 and tells nothing of the inside', async () => {
    const app = makeApp({ describe: () => Promise.reject(new Error('password=hunter2')) });
    const answer = await ask(app, { method: 'GET', url: '/v1/workflows/w' });
    expect([answer.status, answer.body.error.code]).toEqual([500, 'INTERNAL']);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });

  it.each([undefined, 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])('given the authorization %s, when a call is made, then it is 401', async (authorization) => {
    const answer = await ask(makeApp({}), { method: 'GET', url: '/v1/info', headers: authorization === undefined ? {} : { authorization } });
    expect([answer.status, answer.body.error.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('given a replica that is stopping, when a call is made, then it is refused with a time to come again', async () => {
    const answer = await ask(makeApp({}, true), { method: 'GET', url: '/v1/info' });
    expect([answer.status, answer.body.error.code, answer.headers.get('retry-after')]).toEqual([503, 'OVERLOADED', '1']);
  });

  it.each<[string, unknown, string]>([
    ['/v1/workflows', {}, '/starts'],
    ['/v1/workflows', { starts: [] }, '/starts'],
    ['/v1/workflows', { starts: [{ workflowId: 'w', workflowType: 't', args: {} }] }, '/starts/0/args'],
    ['/v1/workflows', { starts: [{ workflowId: 'a\0b', workflowType: 't', args: [] }] }, '/starts/0/workflowId'],
    ['/v1/workflows', { starts: [{ workflowId: 'w', workflowType: 't', args: [], searchAttributes: { 'a/b': 1 } }] }, '/starts/0/searchAttributes/a~1b'],
    ['/v1/workflows/w/signal', { signalName: 'go' }, '/args'],
    ['/v1/workflows/w/terminate', {}, '/reason'],
    ['/v1/workflows/w/query', { queryName: 7, args: [] }, '/queryName'],
    ['/v1/workflows/w/incidents/1/edit', {}, '/reason'],
    ['/v1/workflows/list', { pageSize: 501 }, '/pageSize'],
    ['/v1/workflows/list', { query: 7 }, '/query'],
    ['/v1/workflows', { starts: [{ workflowId: 'w', workflowType: 't', args: [], workflowIdReusePolicy: 'ALWAYS' }] }, '/starts/0/workflowIdReusePolicy'],
    ['/v1/workflows', { starts: [{ workflowId: 'w', workflowType: 't', args: [], startDelayMs: -1 }] }, '/starts/0/startDelayMs'],
    ['/v1/workflows/w/update', { updateId: 'u', updateName: 'n', args: [], waitForStage: 'ADMITTED' }, '/waitForStage'],
    ['/v1/workflows/w/update', { updateId: 'u', updateName: 'n', args: [], waitForStage: 'ACCEPTED', timeoutMs: 30_001 }, '/timeoutMs'],
    ['/v1/workflows/w/reset', { reason: 'r' }, '/eventId'],
    ['/v1/workflows/w/fork', { eventId: 1, reason: 'r' }, '/workflowId'],
    ['/v1/workflows/w/pause', {}, '/reason'],
    ['/v1/workflows/await-closed', { workflowIds: ['v', 'w'], runId: RUN_ID }, '/runId'],
    ['/v1/workflows/await-closed', { workflowIds: ['w'], timeoutMs: 30_001 }, '/timeoutMs'],
  ])('given a body for %s that breaks the contract, when it is sent, then it is 400 and %j is named at %s', async (url, payload, where) => {
    const answer = await ask(makeApp({}), { method: 'POST', url, payload: payload as object });
    expect([answer.status, answer.body.error.code, answer.body.error.details.where]).toEqual([400, 'INVALID_REQUEST', where]);
  });

  it('given what is no JSON, no route, no action or no number, when it is sent, then it is 400', async () => {
    const app = makeApp({});
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const answers = [
      await ask(app, { method: 'POST', url: '/v1/workflows', payload: '{', headers }),
      await ask(app, { method: 'POST', url: '/v1/workflows/w/nonsense', payload: {} }),
      await ask(app, { method: 'POST', url: '/v1/workflows/w/incidents/1/explode', payload: { reason: 'x' } }),
      await ask(app, { method: 'POST', url: '/v1/workflows/w/incidents/0/retry', payload: { reason: 'x' } }),
      await ask(app, { method: 'GET', url: '/v1/workflows/%E0%A4%A' }),
      await ask(app, { method: 'GET', url: '/v1/nonsense' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
    expect(answers.slice(0, 4).map(({ body }) => body.error.code)).toEqual(Array.from({ length: 4 }, () => 'INVALID_REQUEST'));
  });

  it('given a body above the limit, when it is sent, then it is 413', async () => {
    const answer = await ask(makeApp({}), { method: 'POST', url: '/v1/workflows', payload: { starts: 'x'.repeat(1_000) } });
    expect([answer.status, answer.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  it('given each call, when it is well formed, then the engine gets it as it was meant', async () => {
    const calls: unknown[] = [];
    const note =
      (name: string) =>
      async (...args: unknown[]): Promise<AnyJson> => {
        calls.push([name, ...args]);
        return name === 'start' ? [{ status: 'started', workflowId: 'w', runId: 'r' }] : 7;
      };
    const names = ['start', 'signal', 'cancel', 'terminate', 'query', 'resolveIncident', 'describe', 'reset', 'fork', 'pause', 'unpause', 'receive'] as const;
    const app = makeApp(Object.fromEntries(names.map((name) => [name, note(name)])));
    const id = 'a/b ü'.padEnd(200, '!');
    const path = `/v1/workflows/${encodeURIComponent(id)}`;
    const start = { workflowId: id, workflowType: 't', args: [1], memo: { a: 1 }, searchAttributes: { A: ['x'] }, requestFingerprint: 'f', identity: 'i', traceparent: 'p' };
    const answers = [
      await ask(app, { method: 'POST', url: '/v1/workflows', payload: { starts: [start] } }),
      await ask(app, { method: 'POST', url: `${path}/signal`, payload: { signalName: 's', args: [null], identity: 'i' } }),
      await ask(app, { method: 'POST', url: `${path}/cancel` }),
      await ask(app, { method: 'POST', url: `${path}/terminate`, payload: { reason: 'r' } }),
      await ask(app, { method: 'POST', url: `${path}/query`, payload: { queryName: 'q', args: [] } }),
      await ask(app, { method: 'POST', url: `${path}/incidents/3/skip`, payload: { reason: 'r', value: null } }),
      await ask(app, { method: 'GET', url: path }),
      await ask(app, { method: 'GET', url: '/v1/info' }),
      await ask(app, { method: 'POST', url: `${path}/signal?runId=${RUN_ID}`, payload: { signalName: 's', args: [], headers: { h: 1 }, requestId: 'once' } }),
      await ask(app, { method: 'POST', url: `${path}/query?runId=${RUN_ID}`, payload: { queryName: 'q', args: [], headers: { h: 1 } } }),
      await ask(app, { method: 'POST', url: `${path}/terminate?runId=${RUN_ID}`, payload: { reason: 'r', identity: 'i', details: [1], rollback: true } }),
      await ask(app, { method: 'POST', url: `${path}/reset`, payload: { eventId: 4, reason: 'r', reapply: 'NONE' } }),
      await ask(app, { method: 'POST', url: `${path}/fork?runId=${RUN_ID}`, payload: { eventId: 4, reason: 'r', workflowId: 'other' } }),
      await ask(app, { method: 'POST', url: `${path}/pause`, payload: { reason: 'r' } }),
      await ask(app, { method: 'POST', url: `${path}/unpause`, payload: { reason: 'r' } }),
      await ask(app, { method: 'GET', url: `${path}?runId=${RUN_ID}` }),
      await ask(app, { method: 'POST', url: '/v1/internal/run-calls', payload: { calls: [{ type: 'signal' }] } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 204, 204, 204, 200, 204, 200, 200, 204, 200, 204, 200, 200, 204, 204, 200, 200]);
    expect(answers[4]?.body).toEqual({ result: 7 });
    expect(answers[7]?.body.partitions).toEqual({ total: 64, owned: 64 });
    expect(calls).toEqual([
      ['start', [start]],
      ['signal', id, 's', [null], 'i', {}],
      ['cancel', id, undefined, undefined, undefined],
      ['terminate', id, 'r', undefined, {}],
      ['query', id, 'q', [], {}],
      ['resolveIncident', id, 3, 'skip', { reason: 'r', value: null }, undefined],
      ['describe', id, undefined],
      ['signal', id, 's', [], undefined, { runId: RUN_ID, headers: { h: 1 }, requestId: 'once' }],
      ['query', id, 'q', [], { runId: RUN_ID, headers: { h: 1 } }],
      ['terminate', id, 'r', 'i', { runId: RUN_ID, details: [1], rollback: true }],
      ['reset', id, { eventId: 4, reason: 'r', reapply: 'NONE' }, undefined],
      ['fork', id, { eventId: 4, reason: 'r', workflowId: 'other' }, RUN_ID],
      ['pause', id, { reason: 'r' }, undefined],
      ['unpause', id, { reason: 'r' }, undefined],
      ['describe', id, RUN_ID],
      ['receive', [{ type: 'signal' }]],
    ]);
  });

  it('given the description of the wire, when every route of it is called, then there is such a route; and requests are described by what they are read with', async () => {
    const app = makeApp({});
    const { body } = await ask(app, { method: 'GET', url: '/v1/openapi.json' });
    const document = body as { paths: Record<string, Record<string, { requestBody?: { content: { 'application/json': { schema: { properties: object; required: string[] } } } } }>> };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) {
        const url = `/v1${path.replaceAll('{action}', 'retry').replaceAll('{incidentNumber}', '1').replaceAll(/\{\w+\}/g, 'x')}`;
        const answer = await ask(app, { method: method.toUpperCase() as 'GET' | 'POST', url, ...(method === 'post' && { payload: {} }) });
        expect([path, answer.body?.error?.message]).not.toEqual([path, expect.stringContaining('no such route')]);
      }
    }
    const signal = document.paths['/workflows/{workflowId}/signal']?.['post']?.requestBody?.content['application/json'].schema;
    expect(signal).toMatchObject({ required: ['signalName', 'args'], properties: { requestId: { type: 'string', maxLength: 255 } } });
    expect(Object.keys(document.paths).length).toBeGreaterThan(25);
  });

  it('given updates, when they are sent, asked for and sent with a start, then the engine gets them with the time that they may take', async () => {
    const calls: unknown[][] = [];
    const answer = { updateId: 'u', workflowId: 'w', runId: RUN_ID, stage: 'ACCEPTED' as const };
    const note = (name: string, result: unknown) => async (...args: unknown[]) => {
      calls.push([name, ...args.map((arg) => (arg instanceof AbortSignal ? 'a signal' : arg))]);
      return result as never;
    };
    const app = makeApp({ update: note('update', answer), pollUpdate: note('pollUpdate', answer), updateWithStart: note('updateWithStart', { start: {}, update: answer }) });
    const update = { updateId: 'u', updateName: 'add', args: [1], waitForStage: 'COMPLETED', timeoutMs: 5 };
    const start = { workflowId: 'w', workflowType: 't', args: [], workflowIdConflictPolicy: 'USE_EXISTING' };
    const answers = [
      await ask(app, { method: 'POST', url: `/v1/workflows/w/update?runId=${RUN_ID}`, payload: update }),
      await ask(app, { method: 'GET', url: '/v1/workflows/w/updates/a%2Fb?timeoutMs=7' }),
      await ask(app, { method: 'POST', url: '/v1/workflows/update-with-start', payload: { start, update } }),
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, answer],
      [200, answer],
      [200, { start: {}, update: answer }],
    ]);
    expect(calls).toEqual([
      ['update', 'w', update, RUN_ID, 'a signal'],
      ['pollUpdate', 'w', 'a/b', undefined, 'a signal'],
      ['updateWithStart', { start, update }, 'a signal'],
    ]);
  });

  it('given a start with everything that it can say, when it is sent, then the engine gets all of it', async () => {
    const starts: unknown[] = [];
    const app = makeApp({ start: async (requests) => (starts.push(...requests), []) });
    const start = {
      workflowId: 'w',
      workflowType: 't',
      args: [],
      taskQueue: 'q',
      headers: { h: 1 },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      workflowExecutionTimeoutMs: 3,
      workflowRunTimeoutMs: 2,
      workflowTaskTimeoutMs: 1,
      retryPolicy: { initialIntervalMs: 1, backoffCoefficient: 1, maximumIntervalMs: 1, maximumAttempts: 1, nonRetryableErrorTypes: ['E'], jitter: 0 },
      cronSchedule: '0 * * * *',
      startDelayMs: 9,
      signal: { signalName: 's', args: [1], headers: { h: 2 } },
    };
    expect((await ask(app, { method: 'POST', url: '/v1/workflows', payload: { starts: [start] } })).status).toBe(200);
    expect(starts).toEqual([start]);
  });

  it('given what is no run id, when a run is asked for by it, then it is 404', async () => {
    const answers = [
      await ask(makeApp({}), { method: 'GET', url: '/v1/workflows/w?runId=1' }),
      await ask(makeApp({}), { method: 'POST', url: '/v1/workflows/w/cancel?firstExecutionRunId=x', payload: {} }),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
      [404, 'WORKFLOW_NOT_FOUND'],
      [404, 'WORKFLOW_NOT_FOUND'],
    ]);
  });
});
