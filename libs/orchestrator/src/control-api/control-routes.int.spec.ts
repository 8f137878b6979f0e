import { afterEach, describe, expect, it } from '@jest/globals';
import type { EngineSurface } from '@backstitch/engine';
import {
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  StoreUnavailableError,
  UnauthenticatedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
  type ControlApiError,
  type StartWorkflowRequest,
} from '@backstitch/protocol';
import Fastify, { type FastifyInstance } from 'fastify';
import type { AnyJson, Answer } from '../../test/orchestrator-harness.js';
import { SILENT_LOGGER } from '../observation/logger.js';
import type { ClosedWaiters } from './closed-waiters.js';
import { controlRoutes } from './control-routes.js';
import type { WorkflowLists } from './workflow-lists.js';

const TOKEN = 'a-token-for-this-spec';

function makeApp(engine: Partial<EngineSurface>, isStopping = false): FastifyInstance {
  const fastify = Fastify({ forceCloseConnections: true });
  apps.push(fastify);
  const options = {
    engine: engine as EngineSurface,
    lists: {} as WorkflowLists,
    waiters: {} as ClosedWaiters,
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
    const names = ['start', 'signal', 'cancel', 'terminate', 'query', 'resolveIncident', 'describe'] as const;
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
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 204, 204, 204, 200, 204, 200, 200]);
    expect(answers[4]?.body).toEqual({ result: 7 });
    expect(answers[7]?.body.partitions).toEqual({ total: 64, owned: 64 });
    expect(calls).toEqual([
      ['start', [start]],
      ['signal', id, 's', [null], 'i'],
      ['cancel', id, undefined, undefined],
      ['terminate', id, 'r', undefined],
      ['query', id, 'q', []],
      ['resolveIncident', id, 3, 'skip', { reason: 'r', value: null }],
      ['describe', id],
    ]);
  });
});
