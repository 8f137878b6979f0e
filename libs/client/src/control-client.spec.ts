import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CONTROL_DECLINED_HEADER,
  ControlApiError,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  LIMITS,
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
} from '@backstitch/protocol';
import { OrchestratorUnreachableError, ResultTimeoutError, UnexpectedControlAnswerError, ControlClient, WorkflowFailedError, type ControlClientOptions } from './index.js';

interface Received {
  method: string;
  url: string;
  authorization: string;
  body: unknown;
}

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that answers as told, in order; the last answer again and again. */
async function serverThat(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]): Promise<{ url: string; received: Received[]; server: Server }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      received.push({ method: request.method ?? '', url: request.url ?? '', authorization: request.headers.authorization ?? '', body: text === '' ? undefined : JSON.parse(text) });
      answers[Math.min(received.length, answers.length) - 1]?.(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, server };
}

const json =
  (status: number, body?: unknown) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? undefined : JSON.stringify(body));
  };
const breaks = (_: ServerResponse, request: IncomingMessage): void => {
  request.socket.destroy();
};

function clientOf(url: string, options: Partial<ControlClientOptions> = {}): ControlClient {
  const client = new ControlClient({ url, token: 'secret', connectRetryPauseMs: 1, ...options });
  cleanups.push(() => client.close());
  return client;
}

const failureOf = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

describe('the control client', () => {
  it('given what an operator does to a run, when it is asked for, then each call goes where it belongs, with who asks', async () => {
    const { url, received } = await serverThat(json(200, { workflowId: 'w', runId: 'r' }));
    const handle = clientOf(url, { identity: 'me' }).getHandle('w');
    await handle.reset({ eventId: 4, reason: 'r' });
    await handle.fork({ eventId: 4, reason: 'r', workflowId: 'other' });
    await handle.pause('r');
    await handle.unpause('r');
    await handle.terminate('r', { rollback: true });
    await handle.actOnActivity('7', 'retry', { reason: 'r' });
    expect(received.map(({ url: path, body }) => [path, body])).toEqual([
      ['/v1/workflows/w/reset', { identity: 'me', eventId: 4, reason: 'r' }],
      ['/v1/workflows/w/fork', { identity: 'me', eventId: 4, reason: 'r', workflowId: 'other' }],
      ['/v1/workflows/w/pause', { identity: 'me', reason: 'r' }],
      ['/v1/workflows/w/unpause', { identity: 'me', reason: 'r' }],
      ['/v1/workflows/w/terminate', { identity: 'me', reason: 'r', rollback: true }],
      ['/v1/workflows/w/activities/7/retry', { identity: 'me', reason: 'r' }],
    ]);
  });

  it.each([
    ['input', { args: ['x'.repeat(LIMITS.payloadBytesMax)] }, 'The input of workflow "greeting"'],
    ['memo', { memo: { note: 'x'.repeat(LIMITS.payloadBytesMax) } }, 'The memo of workflow "greeting"'],
    ['signal', { signal: { signalName: 'go', args: ['x'.repeat(LIMITS.payloadBytesMax)] } }, 'The input of signal "go"'],
  ])('given a start whose %s is too large, when it is made, then it is refused by name and nothing is sent', async (_what, options, named) => {
    const { url, received } = await serverThat(json(200, {}));
    expect(await failureOf(clientOf(url).start('greeting', { workflowId: 'w', ...options }))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', what: expect.stringContaining(named) });
    expect(received).toEqual([]);
  });

  it('given a start, when it is made, then the request names type, arguments and caller, and the token is shown', async () => {
    const { url, received } = await serverThat(json(200, { results: [{ status: 'started', workflowId: 'w', runId: 'r' }] }));
    const client = clientOf(url, { identity: 'gateway' });
    expect(await client.start('greeting', { workflowId: 'w', args: [1], requestFingerprint: 'f' })).toEqual({ workflowId: 'w', runId: 'r', isNew: true });
    expect(received).toEqual([
      {
        method: 'POST',
        url: '/v1/workflows',
        authorization: 'Bearer secret',
        body: { starts: [{ identity: 'gateway', workflowId: 'w', args: [1], requestFingerprint: 'f', workflowType: 'greeting' }] },
      },
    ]);
  });

  it.each([
    [{ status: 'existing', workflowId: 'w', runId: 'r', executionStatus: 'RUNNING' }, { workflowId: 'w', runId: 'r', isNew: false }],
    [{ status: 'conflict', workflowId: 'w', runId: 'r' }, new WorkflowExecutionAlreadyStartedError('w', 'r')],
    [{ status: 'rejected', workflowId: 'w', error: new WorkflowTypeUnknownError('greeting').toJSON() }, new WorkflowTypeUnknownError('greeting')],
  ])('given the result %j, when a start is made, then it comes to the same', async (result, expected) => {
    const { url } = await serverThat(json(200, { results: [result] }));
    const outcome = clientOf(url).start('greeting', { workflowId: 'w' });
    if (expected instanceof Error) expect(await failureOf(outcome)).toEqual(expected);
    else expect(await outcome).toEqual(expected);
  });

  const everyError: [number, ControlApiError][] = [
    [404, new WorkflowNotFoundError('w')],
    [404, new IncidentNotFoundError('w', 3)],
    [409, new WorkflowAlreadyClosedError('w', 'COMPLETED')],
    [409, new WorkflowExecutionAlreadyStartedError('w', 'r')],
    [409, new IncidentAlreadyResolvedError('w', 3)],
    [400, new WorkflowTypeUnknownError('t')],
    [400, new SearchAttributeUnknownError('a')],
    [400, new SearchAttributeInvalidError('a', 'a number')],
    [400, new QueryNotRegisteredError('q')],
    [422, new QueryFailedError('q', 'no')],
    [400, new SignalNameReservedError('s')],
    [400, new InvalidRequestError('/a', 'is missing')],
    [413, new PayloadTooLargeError('it', 3, 2)],
    [401, new UnauthenticatedError()],
    [503, new OverloadedError(1_500)],
    [503, new StoreUnavailableError(2_500)],
    [500, new InternalError('it failed')],
  ];
  it.each(everyError.map(([status, error]) => [status, error.code, error] as const))('given the answer %d %s, when it is read, then the same error is thrown with its fields', async (status, _, error) => {
    const { url } = await serverThat(json(status, { error: error.toJSON() }));
    const thrown = await failureOf(clientOf(url).getHandle('w').signal('go'));
    expect(thrown).toBeInstanceOf(error.constructor);
    expect((thrown as ControlApiError).toJSON()).toEqual(error.toJSON());
  });

  it('given an error code of a later version, when it is read, then it is InternalError', async () => {
    const { url } = await serverThat(json(418, { error: { code: 'TEAPOT', message: 'short and stout' } }));
    expect(await failureOf(clientOf(url).list())).toEqual(new InternalError('short and stout'));
  });

  it('given something else than an orchestrator, when it answers, then UnexpectedControlAnswerError says so', async () => {
    const { url } = await serverThat((response) => response.writeHead(200).end('<html>'));
    expect(await failureOf(clientOf(url).list())).toEqual(new UnexpectedControlAnswerError(url, 200));
  });

  it('given nobody at the address, when a signal is sent, then the error says that nothing was sent', async () => {
    const { url, server } = await serverThat(json(204));
    await new Promise((resolve) => server.close(resolve));
    const thrown = await failureOf(clientOf(url).getHandle('w').signal('go'));
    expect(thrown).toBeInstanceOf(OrchestratorUnreachableError);
    expect((thrown as OrchestratorUnreachableError).nothingSent).toBe(true);
  });

  it('given a connection that breaks, when a start is made, then it is made again', async () => {
    const { url, received } = await serverThat(breaks, json(200, { results: [{ status: 'started', workflowId: 'w', runId: 'r' }] }));
    expect(await clientOf(url).start('greeting', { workflowId: 'w' })).toMatchObject({ isNew: true });
    expect(received).toHaveLength(2);
  });

  it('given a connection that breaks, when a signal is sent, then it is not sent again', async () => {
    const { url, received } = await serverThat(breaks, json(204));
    expect(await failureOf(clientOf(url).getHandle('w').signal('go'))).toBeInstanceOf(OrchestratorUnreachableError);
    expect(received).toHaveLength(1);
  });

  it('given several replicas, when calls are made, then they take turns', async () => {
    const [one, two] = [await serverThat(json(200, { workflows: [] })), await serverThat(json(200, { workflows: [] }))];
    const client = clientOf(`${one.url}, ${two.url}`);
    for (let call = 0; call < 6; call += 1) await client.list();
    expect([one.received.length, two.received.length]).toEqual([3, 3]);
  });

  it('given a replica that is down, when calls are made, signals too, then the other one answers all, and the dead one is left alone', async () => {
    const [down, up] = [await serverThat(json(204)), await serverThat(json(204))];
    await new Promise((resolve) => down.server.close(resolve));
    const client = clientOf(`${down.url},${up.url}`);
    for (let call = 0; call < 4; call += 1) await client.getHandle('w').signal('go');
    expect(up.received).toHaveLength(4);
  });

  it('given a replica that breaks the connection, when a signal is sent, then no other one gets it; when it can be repeated, then another one does', async () => {
    const [one, two] = [await serverThat(breaks), await serverThat(breaks)];
    const client = clientOf(`${one.url},${two.url}`, { connectRetriesMax: 0 });
    expect(await failureOf(client.getHandle('w').signal('go'))).toBeInstanceOf(OrchestratorUnreachableError);
    expect(one.received.length + two.received.length).toBe(1);
    expect(await failureOf(client.getHandle('w').cancel())).toBeInstanceOf(OrchestratorUnreachableError);
    expect(one.received.length + two.received.length).toBe(3);
  });

  it('given a replica that stands still, when a call that can be repeated has waited for half of its time, then another one answers it', async () => {
    const [still, live] = [await serverThat(() => undefined), await serverThat(json(200, { workflows: [] }))];
    const client = clientOf(`${still.url},${live.url}`, { timeoutMs: 3_000 });
    for (let call = 0; call < 2; call += 1) expect(await client.list()).toEqual({ workflows: [] });
    expect(still.received).toHaveLength(1);
  });

  it('given a replica that is stopping, when a signal is sent, then another one gets it; when all are stopping, then the refusal is thrown', async () => {
    const error = new OverloadedError(1_000);
    const declines = (response: ServerResponse): void => {
      response.writeHead(503, { 'content-type': 'application/json', [CONTROL_DECLINED_HEADER]: 'stopping' }).end(JSON.stringify({ error: error.toJSON() }));
    };
    const [stopping, live] = [await serverThat(declines), await serverThat(json(204))];
    const client = clientOf(`${stopping.url},${live.url}`);
    for (let call = 0; call < 2; call += 1) await client.getHandle('w').signal('go');
    expect(live.received).toHaveLength(2);
    expect(await failureOf(clientOf(`${stopping.url},${stopping.url}`).getHandle('w').signal('go'))).toEqual(error);
  });

  it('given a server that does not answer, when the time is out, then OrchestratorUnreachableError is thrown', async () => {
    const { url } = await serverThat(() => undefined);
    expect(await failureOf(clientOf(url, { timeoutMs: 50 }).list())).toBeInstanceOf(OrchestratorUnreachableError);
  });

  it('given ids that need escaping, when a handle is used, then each call names its path and body', async () => {
    const { url, received } = await serverThat(json(204), json(204), json(204), json(200, { result: 7 }), json(200, { workflowId: 'a/b' }), json(204));
    const client = clientOf(url);
    const handle = client.getHandle('a/b ü');
    await handle.signal('go', 1, 'two');
    await handle.cancel('enough');
    await handle.terminate('at once');
    expect(await handle.query('heard', true)).toBe(7);
    await handle.describe();
    await client.resolveIncident('a/b ü', 2, 'skip', { reason: 'known', value: null, identity: 'me' });
    const path = '/v1/workflows/a%2Fb%20%C3%BC';
    expect(received.map(({ method, url: target, body }) => [method, target, body])).toEqual([
      ['POST', `${path}/signal`, { signalName: 'go', args: [1, 'two'] }],
      ['POST', `${path}/cancel`, { reason: 'enough' }],
      ['POST', `${path}/terminate`, { reason: 'at once' }],
      ['POST', `${path}/query`, { queryName: 'heard', args: [true] }],
      ['GET', path, undefined],
      ['POST', `${path}/incidents/2/skip`, { reason: 'known', value: null, identity: 'me' }],
    ]);
  });

  it('given a long history, when it is read, then all pages are', async () => {
    const { url, received } = await serverThat(json(200, { events: [{ eventId: 1 }], nextAfterEventId: 1 }), json(200, { events: [{ eventId: 2 }] }));
    expect((await clientOf(url).getHandle('w').history()).map(({ eventId }) => eventId)).toEqual([1, 2]);
    expect(received.map((request) => request.url)).toEqual(['/v1/workflows/w/history?afterEventId=0', '/v1/workflows/w/history?afterEventId=1']);
  });

  it('given a workflow that completes, fails, runs on or is unknown, when its result is awaited, then that is what comes', async () => {
    const closed = { workflowId: 'w', runId: 'r', workflowType: 't', startedAtMs: 1, searchAttributes: {}, memo: {}, openIncidents: 0 };
    const failed = { ...closed, status: 'FAILED', failure: { message: 'why' } };
    const { url } = await serverThat(
      json(200, { closed: [], unknown: [] }),
      json(200, { closed: [{ ...closed, status: 'COMPLETED', result: 5 }], unknown: [] }),
      json(200, { closed: [failed], unknown: [] }),
      json(200, { closed: [], unknown: ['w'] }),
      json(200, { closed: [], unknown: [] }),
    );
    const handle = clientOf(url).getHandle('w');
    expect(await handle.result()).toBe(5);
    const failure = await failureOf(handle.result());
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect((failure as WorkflowFailedError).workflow).toEqual(failed);
    expect(await failureOf(handle.result())).toEqual(new WorkflowNotFoundError('w'));
    expect(await failureOf(handle.result({ timeoutMs: 0 }))).toEqual(new ResultTimeoutError('w', 0));
  });
});
