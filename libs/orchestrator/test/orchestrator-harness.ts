import { randomUUID } from 'node:crypto';
import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ClosedWorkflow, StartWorkflowRequest, StartWorkflowResult } from '@backstitch/protocol';
import { migrateQueueSchema, type QueueConnection } from '@backstitch/queues';
import { createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { testRedisUrl } from '@backstitch/servers';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { OrchestratorHost, OrchestratorModule, type OrchestratorOptions } from '../src/index.js';
import { buildIdOf } from '../src/versioning/build-id.js';
import { collectRuns } from './collect-runs.js';
import type { TestDatabase } from './test-database.js';

export const TEST_TOKEN = 'token-of-the-specs-alone';

/** The specs look into whatever was answered; a wrong look fails there. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyJson = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: AnyJson;
}

/** One replica in this process, with the control API on a port of its own. */
export interface Replica {
  host: OrchestratorHost;
  url: string;
  registry: Registry;
  /** A spec can break it. */
  dataSource: DataSource;
  call(method: 'GET' | 'POST', path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  start(...starts: (Partial<StartWorkflowRequest> & { workflowType: string })[]): Promise<StartWorkflowResult[]>;
  closed(workflowId: string, timeoutMs?: number): Promise<ClosedWorkflow | undefined>;
  stop(): Promise<void>;
}

/** A queue connection that no other spec shares. */
export async function makeQueueConnection(backend: 'postgres' | 'redis', database: TestDatabase, services: readonly string[]): Promise<QueueConnection> {
  if (backend === 'redis') {
    return { backend, url: testRedisUrl(), prefix: `spec-${randomUUID()}` };
  }
  for (const service of services) {
    await migrateQueueSchema(database.url, service);
  }
  return { backend, url: database.url };
}

export async function startReplica(
  options: Pick<OrchestratorOptions, 'dataSource' | 'queueConnection'> & Partial<OrchestratorOptions> & { workflows: WorkflowBundle },
): Promise<Replica> {
  const { workflows, ...given } = options;
  const registry = new Registry();
  const moduleRef = await Test.createTestingModule({
    imports: [
      OrchestratorModule.forRootAsync({
        useFactory: (): OrchestratorOptions => ({
          services: ['shop'],
          searchAttributes: { Word: 'Keyword', Amount: 'Int' },
          controlToken: TEST_TOKEN,
          metricsRegistry: registry,
          sandbox: createInThreadSandbox({ bundle: workflows, activationTimeoutMs: 30_000 }),
          queueRetryPauseMs: 50,
          queueRetryPauseMaxMs: 200,
          // Specs share the machine with others: its load is not theirs.
          databaseAcquireTimeoutMs: 30_000,
          databaseQueryTimeoutMs: 30_000,
          ...given,
          admission: { eventLoopDelayMaxMs: Infinity, ...given.admission },
        }),
      }),
    ],
  }).compile();
  const app = moduleRef.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ forceCloseConnections: true }), { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const call: Replica['call'] = async (method, path, body, headers) => {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TEST_TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    host: moduleRef.get(OrchestratorHost),
    url,
    registry,
    dataSource: options.dataSource,
    call,
    start: async (...starts) => {
      const { body } = await call('POST', '/workflows', { starts: starts.map((start) => ({ workflowId: `w-${randomUUID()}`, args: [], ...start })) });
      return body.results as StartWorkflowResult[];
    },
    closed: async (workflowId, timeoutMs = 30_000) => {
      const { body } = await call('POST', '/workflows/await-closed', { workflowIds: [workflowId], timeoutMs });
      return (body.closed as ClosedWorkflow[])[0];
    },
    stop: async () => {
      // A spec may have broken its database.
      await collectRuns(options.dataSource, workflows, given.buildId ?? buildIdOf(workflows)).catch(() => undefined);
      await app.close();
    },
  };
}

/** Resolves when the condition holds; fails after a minute. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`It did not come to pass that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
