import 'reflect-metadata';
import { createLogger, createMetricsRegistry, HealthRegistry, ServiceKitModule } from '@backstitch/service-kit';
import { createTestDatabase } from '@backstitch/servers';
import { jest } from '@jest/globals';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { GatewayModule } from '../src/gateway.module.js';
import { configureHttpEdge, GATEWAY_FASTIFY_OPTIONS } from '../src/http/http-edge.js';
import { StartGate } from '../src/overload/start-gate.js';
import { createApiKey } from '../src/security/create-key.js';
import type { Role } from '../src/security/roles.js';
import type { ActivityCompletions } from '../src/activities/activity-completions.js';
import { FakeActivityCompletions } from './fake-activity-completions.js';
import { FakeOrchestrator } from './fake-orchestrator.js';

// It requires an ES module, which Node does and Jest does not; only the page of Swagger UI needs it.
jest.unstable_mockModule('@fastify/static', () => ({ default: async () => undefined }));

@Module({})
class RootModule {}

export interface Answer {
  status: number;
  headers: Headers;
  // Answers are asserted member by member.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface TestDatabase {
  url: string;
  drop: () => Promise<void>;
}

/** A database as the deployment makes it: the gateway's schema exists, its tables do not. */
export async function createGatewayDatabase(label: string): Promise<TestDatabase> {
  const database = await createTestDatabase(label);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('CREATE SCHEMA gateway');
  await client.end();
  return database;
}

/** A gateway over a real database and an orchestrator in memory, listening on a port of its own. */
export class GatewayUnderTest {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly orchestrator: FakeOrchestrator,
    readonly keys: Record<Role, string>,
    /** `GET /orders/:orderId` and so on, as Fastify knows them. */
    readonly routes: readonly string[],
  ) {}

  static async start(
    database: TestDatabase,
    { orchestrator = new FakeOrchestrator(), activityCompletions = new FakeActivityCompletions(), requestsPerMinute = 100_000, ...limits }: { orchestrator?: FakeOrchestrator; activityCompletions?: ActivityCompletions; requestsPerMinute?: number; startsUnderWayMax?: number; startsWaitingMax?: number } = {},
  ): Promise<GatewayUnderTest> {
    const service = 'gateway';
    const root: DynamicModule = {
      module: RootModule,
      imports: [
        ServiceKitModule.forRoot({
          service,
          logger: createLogger({ service, level: process.env['TEST_LOG_LEVEL'] === 'debug' ? 'debug' : 'silent' }),
          metricsRegistry: createMetricsRegistry(service),
          healthRegistry: new HealthRegistry(),
        }),
        GatewayModule.forRoot({ databaseUrl: database.url, auditorDatabaseUrl: database.url, databasePoolMax: 6, orchestrator, bulkOrchestrator: orchestrator, activityCompletions, ...limits }),
      ],
    };
    const adapter = new FastifyAdapter(GATEWAY_FASTIFY_OPTIONS);
    const routes: string[] = [];
    adapter.getInstance().addHook('onRoute', ({ method, url }) => {
      routes.push(...[method].flat().map((name) => `${name} ${url}`));
    });
    const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: false, abortOnError: false });
    // Specs share the machine with others: its load is not theirs.
    await configureHttpEdge(app, { requestsPerMinute, eventLoopDelayMaxMs: Infinity });
    await app.listen(0, '127.0.0.1');
    const dataSource = app.get(DataSource);
    const keys = {
      orders: await createApiKey(dataSource, 'orders', 'shop'),
      operator: await createApiKey(dataSource, 'operator', 'operator'),
      viewer: await createApiKey(dataSource, 'viewer', 'viewer'),
    };
    return new GatewayUnderTest(app, await app.getUrl(), orchestrator, keys, routes);
  }

  get dataSource(): DataSource {
    return this.app.get(DataSource);
  }

  async send(method: string, path: string, options: { key?: string; body?: unknown; headers?: Record<string, string> } = {}): Promise<Answer> {
    const isText = typeof options.body === 'string';
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
        ...(options.body === undefined || isText ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: isText ? (options.body as string) : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text };
  }

  /** Resolves when orders are taken again after a refusal. */
  async untilOpen(): Promise<void> {
    while (this.app.get(StartGate).isClosed) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  upload(csv: string, query = '', key = this.keys.operator): Promise<Answer> {
    return this.send('POST', `/imports${query}`, { key, body: csv, headers: { 'content-type': 'text/csv' } });
  }

  /** Asks until the import is in that state. */
  async importInState(importId: string, isReached: (view: Answer['body']) => boolean, timeoutMs = 60_000): Promise<Answer['body']> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const { body } = await this.send('GET', `/imports/${importId}`, { key: this.keys.viewer });
      if (isReached(body)) return body;
      if (Date.now() > deadline) throw new Error(`The import did not get there: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  importCompleted(importId: string, timeoutMs?: number): Promise<Answer['body']> {
    return this.importInState(importId, (view) => view.status === 'completed', timeoutMs);
  }

  async stop(): Promise<void> {
    await this.app.close();
  }
}
