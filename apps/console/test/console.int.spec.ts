import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { consume, JobQueues, migrateQueueSchema, type QueueConnection } from '@backstitch/queues';
import type { ListIncidentsResponse, ListWorkflowsRequest, ListWorkflowsResponse } from '@backstitch/protocol';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createLogger, type RunningService } from '@backstitch/service-kit';
import { request } from 'undici';

// @fastify/static, a CommonJS module, requires this ES module: Node can do that, Jest can not. So Jest gets it imported.
const contentDisposition = await import('content-disposition');
jest.mock('content-disposition', () => contentDisposition);
const { QUEUE_NAMES } = await import('../src/queues/queue-names.js');
const { startConsole } = await import('../src/start-console.js');

const KEY = 'an-operator-key';
const BASIC = `Basic ${Buffer.from(`operator:${KEY}`).toString('base64')}`;
const noProcess = { on: () => undefined, off: () => undefined, exit: () => undefined };

const RUNS = [
  { workflowId: 'order-8', runId: 'r8', status: 'COMPLETED', startedAtMs: 1_000, closedAtMs: 3_500, searchAttributes: { OrderStatus: ['compensated'] }, openIncidents: 0 },
  { workflowId: 'stock-intake-<9>', runId: 'r9', status: 'RUNNING', startedAtMs: 0, searchAttributes: {}, openIncidents: 1 },
];

const OPTIONS = { taskQueue: 'inventory', retryPolicy: {} };
const RUN = {
  ...RUNS[0],
  runId: 'r8',
  workflowType: 'orderWorkflow',
  memo: {},
  input: [{ paymentToken: 'tok_secret', note: '<b>' }],
  result: { status: 'compensated' },
  cancelRequested: false,
  activities: [
    { activityId: '1', scheduledEventId: 5, activityType: 'reserveStock', key: 'k', status: 'COMPLETED', scheduledAtMs: 1_000, closedAtMs: 1_200, attempt: 1, options: OPTIONS, undo: { activityType: 'releaseStock', taskQueue: 'inventory.compensation' } },
    { activityId: '2', scheduledEventId: 11, activityType: 'releaseStock', key: 'k2', status: 'INCIDENT', scheduledAtMs: 2_000, attempt: 3, options: OPTIONS, undoOf: { activityId: '1', scheduledEventId: 5 }, lastFailure: { message: 'refused', applicationFailureInfo: { type: 'Gone' } } },
  ],
  timers: [{ timerId: '1', startedAtMs: 0, firesAtMs: 60_000 }],
  incidents: [{ incidentNumber: 1, kind: 'NONDETERMINISM', openedAtMs: 0, message: 'the code differs', divergence: { eventId: 5, recorded: { activityType: 'pack' }, produced: null, producedAt: 'order.ts:4:2' } }],
  historyEvents: 300,
  historySizeBytes: 1,
};
const HISTORY = {
  workflowId: 'order-8',
  runId: 'r8',
  events: [
    { eventId: 1, eventType: 'WORKFLOW_EXECUTION_STARTED', eventTimeMs: 0, attributes: { workflowType: 'orderWorkflow', input: [{ paymentToken: 'tok_secret' }] } },
    { eventId: 2, eventType: 'ACTIVITY_TASK_COMPLETED', eventTimeMs: 0, attributes: { scheduledEventId: 5 } },
  ],
  nextAfterEventId: 200,
};

/** The calls of the control API that the pages make. */
function controlStub(): Promise<Server> {
  const incidents: ListIncidentsResponse = {
    incidents: [
      { workflowId: 'order-<7>', runId: 'r', workflowType: 'orderWorkflow', incidentNumber: 1, kind: 'UNDO_FAILED', openedAtMs: 0, message: '<script>alert(1)</script>' },
    ],
  };
  const server = createServer((request, response) => {
    const answer = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.url?.startsWith('/v1/incidents') === true) return answer(incidents);
    if (request.url?.startsWith('/v1/workflows/order-8/history') === true) return answer(HISTORY);
    if (request.url?.startsWith('/v1/workflows/order-8') === true) return answer(RUN);
    if (request.url?.startsWith('/v1/workflows/unheard-of') === true) return request.socket.destroy();
    if (request.url?.startsWith('/v1/workflows/unreadable') === true) return answer({});
    if (request.url?.startsWith('/v1/workflows/nobody') === true) {
      response.statusCode = 404;
      return answer({ error: { code: 'WORKFLOW_NOT_FOUND', message: 'none', details: { workflowId: 'nobody' } } });
    }
    if (request.url === '/health/ready') return answer({ status: 'ready' });
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status } = JSON.parse(text === '' ? '{}' : text) as ListWorkflowsRequest;
      const page =
        status === undefined
          ? { workflows: RUNS }
          : ({ workflows: status === 'RUNNING' ? new Array(3).fill({}) : [], ...(status === 'COMPLETED' ? { nextCursor: 'more' } : {}) } satisfies ListWorkflowsResponse);
      answer(page);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe.each(queueBackendsUnderTest())('the console with its queues on %s', (backend) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let control: Server;
  let service: RunningService<unknown>;
  let queues: JobQueues;
  let connection: QueueConnection;

  beforeAll(async () => {
    database = await createTestDatabase(`console_${backend}`);
    const prefix = `console-${randomUUID().slice(0, 8)}`;
    connection = backend === 'redis' ? { backend, url: testRedisUrl(), prefix } : { backend, url: database.url };
    if (backend === 'postgres') for (const name of ['inventory', 'payment', 'fulfilment']) await migrateQueueSchema(database.url, name);
    control = await controlStub();
    const controlUrl = `http://127.0.0.1:${(control.address() as AddressInfo).port}`;
    service = await startConsole({
      env: {
        DATABASE_URL: database.url,
        PORT: '0',
        CONTROL_URL: controlUrl,
        CONTROL_TOKEN: 'a-token-of-the-control-wire',
        CONSOLE_KEY_SHA256: createHash('sha256').update(KEY).digest('hex'),
        STACK_HEALTH_URLS: `inventory=${controlUrl},payment=http://127.0.0.1:1`,
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: prefix } : {}),
      },
      process: noProcess,
      logger: createLogger({ service: 'console', level: 'silent' }),
    });
    queues = new JobQueues(connection);
  });

  afterAll(async () => {
    await service?.stop();
    await queues?.close();
    control?.close();
    await database?.drop();
  });

  async function call(method: 'GET' | 'PUT' | 'POST' | 'PATCH', path: string, headers: Record<string, string> = { authorization: BASIC }, payload?: object) {
    const answer = await request(`${service.url}${path}`, {
      method,
      headers: payload === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: payload === undefined ? undefined : JSON.stringify(payload),
    });
    const body = await answer.body.text();
    return { statusCode: answer.statusCode, headers: answer.headers, body, json: (): unknown => JSON.parse(body) };
  }

  it.each(['/', '/console.css', '/metrics', '/queues', '/queues/', '/queues/api/queues', '/queues/static/js/main.js', '/nowhere'])(
    'given no key or a wrong one, when %s is asked for, then it is 401 and says how',
    async (url) => {
      for (const authorization of [undefined, 'Bearer wrong', `Basic ${Buffer.from('operator:wrong').toString('base64')}`, 'Basic !', 'nonsense']) {
        const answer = await call('GET', url, authorization === undefined ? {} : { authorization });
        expect({ authorization, status: answer.statusCode }).toEqual({ authorization, status: 401 });
        expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
      }
    },
  );

  it('given no key, when health is asked for, then it is told', async () => {
    expect((await call('GET', '/health/live', {})).statusCode).toBe(200);
  });

  it('given the key as a password or a bearer token, when the home page is asked for, then it shows runs, incidents and health, escaped', async () => {
    for (const authorization of [BASIC, `Bearer ${KEY}`]) {
      const answer = await call('GET', '/', { authorization });
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toContain('<dt>running</dt><dd>3</dd>');
      expect(answer.body).toContain('<dt>completed</dt><dd>0+</dd>');
      expect(answer.body).toContain('order-&lt;7&gt;');
      expect(answer.body).not.toContain('<script>alert');
      expect(answer.body).toMatch(/inventory<\/strong> ready/);
      expect(answer.body).toMatch(/payment<\/strong> unreachable/);
    }
  });

  it('given runs and jobs, when the home page is asked for, then it lists the newest runs as the business sees them, and every queue with its jobs', async () => {
    await queues.addBulk('fulfilment.compensation', [{ name: 'cancelShipment', data: {}, jobId: 'run-9-9-1' }]);
    const rows = ((await call('GET', '/')).body.match(/<tr>.*?<\/tr>/gs) ?? []).map((row) => row.replace(/<wbr>/g, '').replace(/<[^>]+>/g, ' ').trim().split(/\s+/).join(' '));
    expect(rows).toContain('compensated order-8 1970-01-01 00:00:01 2.5 s');
    expect(rows).toContain('running incident stock-intake-&lt;9&gt; 1970-01-01 00:00:00 –');
    for (const name of QUEUE_NAMES) expect(rows).toContain(`${name} ${name === 'fulfilment.compensation' ? 1 : 0} 0 0 0`);
  });

  it('given an open incident, when the home page is asked for, then it holds the calls that resolve it, for the shell of whoever reads it', async () => {
    const { body } = await call('GET', '/');
    const commands = [...body.matchAll(/aria-label="(retry|edit|skip|fail)">(.*?)<\/pre>/gs)].map(([, action, command]) => [action, command]);
    expect(commands.map(([action]) => action)).toEqual(['retry', 'edit', 'skip', 'fail']);
    for (const [action, command] of commands) expect(command).toContain(`http://127.0.0.1:3000/workflows/order-%3C7%3E/incidents/1/${action}&#39;`);
  });

  it('given a run of the home page, when it is followed, then its steps are shown with their undos, what it waits for, its incident with both sides, and its history, escaped and without payment tokens', async () => {
    const link = /href="(\/run\?workflowId=order-8[^"]*)"/.exec((await call('GET', '/')).body)?.[1]?.replaceAll('&amp;', '&');
    expect(link).toBe('/run?workflowId=order-8&runId=r8');
    const { statusCode, body } = await call('GET', link ?? '');
    expect(statusCode).toBe(200);
    const text = body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('reserveStock 1 completed 1 1970-01-01 00:00:01 200 ms releaseStock incident');
    expect(text).toContain('releaseStock 2 incident Gone: refused 3 1970-01-01 00:00:02 – reserveStock');
    expect(text).toContain('timer 1, due 1970-01-01 00:01:00 UTC');
    expect(text).toMatch(/Event 5 at order\.ts:4:2 Recorded .*pack.* Produced nothing/);
    expect(text).toMatch(/REASON=.*incidents\/1\/retry/);
    expect(text).toContain('Events 1 to 2 of 300.');
    expect(text).toContain('2 ACTIVITY_TASK_COMPLETED reserveStock 1970');
    expect(body).toContain('/run?workflowId=order-8&amp;runId=r8&amp;afterEventId=200#history');
    expect(body).toContain('&lt;b&gt;');
    expect(body).not.toMatch(/tok_secret|<b>/);
    expect((await call('GET', link ?? '', {})).statusCode).toBe(401);
  });

  it.each([
    ['/run', 404],
    ['/run?workflowId=nobody', 404],
    ['/run?workflowId=order-8&afterEventId=x', 404],
    ['/run?workflowId=unheard-of', 503],
    ['/run?workflowId=unreadable', 500],
  ])('given %s, when it is asked for, then it is %i', async (url, status) => {
    expect((await call('GET', url)).statusCode).toBe(status);
  });

  it.each(['/favicon.ico', '/queues/backstitch.css'])('given a page that asks for %s, when it is fetched, then it is there', async (url) => {
    expect((await call('GET', url)).statusCode).toBe(200);
  });

  it('given an attempt that waits to be made again, when it is looked at, then its data tell the number and the failure before, without payment tokens, and when it will run', async () => {
    const data = { attempt: 2, input: [{ paymentToken: 'tok_secret' }], lastFailure: { message: 'the provider was down' } };
    await queues.addBulk('payment.compensation', [{ name: 'refundPayment', data, jobId: 'run-2-5-2-1', delayMs: 60_000 }]);
    const answer = await call('GET', '/queues/api/queues/payment.compensation/run-2-5-2-1');
    expect(answer.json()).toMatchObject({ status: 'delayed', job: { delay: 60_000, data: { attempt: 2, input: [{ paymentToken: '[redacted]' }], lastFailure: { message: 'the provider was down' } } } });
  });

  it('given the pages, when they are served, then their headers forbid foreign scripts and frames, and Bull Board asks no other host', async () => {
    for (const url of ['/', '/queues']) {
      const answer = await call('GET', url);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-security-policy']).toMatch(/default-src 'none';.*script-src 'self';.*frame-ancestors 'none'/);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.body).not.toMatch(/(src|<link[^>]* href)="https?:/);
    }
  });

  it('given the queues, when Bull Board lists them, then each of each service is there', async () => {
    const answer = await call('GET', '/queues/api/queues');
    const names = (answer.json() as { queues: { name: string }[] }).queues.map((queue) => queue.name);
    expect(names.toSorted()).toEqual([...QUEUE_NAMES].toSorted());
    expect(QUEUE_NAMES).toHaveLength(9);
  });

  it('given a failed job, when it is looked at and retried, then its data, failure and stack are shown, and it runs again', async () => {
    let runs = 0;
    const ended: (() => void)[] = [];
    const nextEnd = () => new Promise<void>((resolve) => ended.push(resolve));
    const consumer = consume(connection, 'payment', async () => {
      runs += 1;
      setImmediate(() => ended.shift()?.());
      if (runs === 1) throw new Error('the provider was down');
    });
    try {
      await consumer.ready();
      const first = nextEnd();
      await queues.addBulk('payment', [{ name: 'chargePayment', data: { orderId: '7' }, jobId: 'run-1-1-1' }]);
      await first;
      const shown = await until(async () => {
        const answer = await call('GET', '/queues/api/queues/payment/run-1-1-1');
        // Bull Board reads the job and its state one after the other.
        return answer.statusCode === 200 && (answer.json() as { job: { failedReason?: string } }).job.failedReason !== undefined ? answer : undefined;
      });
      expect(shown.json()).toMatchObject({ job: { data: { orderId: '7' }, failedReason: 'the provider was down', stacktrace: [expect.stringContaining('the provider was down')] } });

      const second = nextEnd();
      const retry = await call('PUT', '/queues/api/queues/payment/run-1-1-1/retry', { authorization: BASIC, host: 'console', origin: 'http://console' });
      expect(retry.statusCode).toBe(204);
      await second;
      expect(runs).toBe(2);
    } finally {
      await consumer.close(1_000);
    }
  });

  it.each([
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://console' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://console' }, 200],
    [{}, 200],
  ])('given a change from a page with %j, when it comes with the key, then it is %i', async (headers, status) => {
    const answer = await call('PUT', '/queues/api/queues/payment/pause', { authorization: BASIC, host: 'console', ...headers });
    expect(answer.statusCode).toBe(status);
    if (status === 200) await call('PUT', '/queues/api/queues/payment/resume', { authorization: BASIC });
  });

  it('given the operator, when a job is made or changed by hand, then it is refused', async () => {
    expect((await call('POST', '/queues/api/queues/payment/add', undefined, { name: 'chargePayment', data: {} })).statusCode).toBe(403);
    expect((await call('PATCH', '/queues/api/queues/payment/run-1-1-1/update-data', undefined, { jobData: {} })).statusCode).toBe(403);
    expect((await call('PUT', '/queues/api/queues/payment/obliterate')).statusCode).toBe(403);
  });
});

/** Asks until there is an answer: the queue's own bookkeeping ends a moment after the handler. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
