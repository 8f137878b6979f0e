import { EventEmitter } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type DynamicModule } from '@nestjs/common';
import { createTestDatabase } from '@backstitch/servers';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import {
  bootstrapService,
  commonConfiguration,
  createDataSource,
  createLogger,
  DatabaseModule,
  databaseConfiguration,
  migrate,
  portVariable,
  traceparentOf,
  type RunningService,
} from '../src/index.js';

@Controller()
class TraceController {
  @Get('trace')
  trace() {
    return { traceparent: traceparentOf() };
  }
}
@Module({ controllers: [TraceController] })
class TraceModule {}

class CreateThing1700000000000 implements MigrationInterface {
  name = 'CreateThing1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE thing (id bigint PRIMARY KEY)');
    await runner.query('SELECT pg_sleep(0.05)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE thing');
  }
}

class FakeProcess extends EventEmitter {
  private resolveExit: (code: number) => void = () => undefined;
  readonly exited = new Promise<number>((resolve) => (this.resolveExit = resolve));
  exit(code: number): void {
    this.resolveExit(code);
  }
}

const silent = createLogger({ service: 'spec', level: 'silent' });
const commonSchema = z.object({ ...commonConfiguration, PORT: portVariable(0) });
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function roleDatabase(): Promise<string> {
  const database = await createTestDatabase('service_kit');
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  const role = `role_${database.name}`;
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; CREATE SCHEMA thing AUTHORIZATION ${role};`);
  cleanUps.push(async () => {
    await database.drop().catch(() => undefined);
  });
  await admin.end();
  const url = new URL(database.url);
  url.username = role;
  url.password = 'secret';
  return url.href;
}

async function started(module: DynamicModule | typeof TraceModule, target: FakeProcess = new FakeProcess()): Promise<RunningService<unknown>> {
  const service = await bootstrapService({ service: 'spec', configuration: commonSchema, module: () => module, env: {}, process: target, logger: silent });
  cleanUps.push(() => service.stop());
  return service;
}

describe('bootstrapService', () => {
  it('given a service that is up, when it is asked, then it is live, ready and measured, and goes on with the caller\'s trace', async () => {
    const { url } = await started(TraceModule);
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'live' });
    expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready', checks: {} });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = (await (await fetch(`${url}/trace`, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } })).json()) as { traceparent: string };
    expect(answer.traceparent).toContain(traceId);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/http_request_duration_seconds_count\{[^}]*route="\/trace"[^}]*status_code="200"[^}]*\} 1/);
    expect(metrics).toContain('process_cpu_seconds_total');
  });

  it('given a service that is up, when SIGTERM comes, then it closes its port and exits with 0', async () => {
    const target = new FakeProcess();
    const { url } = await started(TraceModule, target);
    target.emit('SIGTERM');
    expect(await target.exited).toBe(0);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    expect(target.eventNames()).toEqual([]);
  });

  it('given a port that is taken, when it starts, then the error names PORT and the exit code is 1', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => new Promise((resolve) => blocker.close(resolve)));
    const { port } = blocker.address() as AddressInfo;
    const target = new FakeProcess();
    await expect(
      bootstrapService({ service: 'spec', configuration: commonSchema, module: () => TraceModule, env: { PORT: String(port) }, process: target, logger: silent }),
    ).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining('Set PORT') });
    expect(await target.exited).toBe(1);
  });

  it('given a bad variable, when it starts, then the error names it and the exit code is 1', async () => {
    const target = new FakeProcess();
    await expect(
      bootstrapService({ service: 'spec', configuration: commonSchema, module: () => TraceModule, env: { PORT: 'x' }, process: target, logger: silent }),
    ).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID', message: expect.stringContaining('PORT') });
    expect(await target.exited).toBe(1);
  });

  it('given a database, when the service starts, then it is migrated, checked by readiness and closed at the end', async () => {
    const databaseUrl = await roleDatabase();
    const service = await bootstrapService({
      service: 'spec',
      configuration: z.object({ ...commonConfiguration, ...databaseConfiguration }),
      module: (configuration) => DatabaseModule.forRoot({ url: configuration.DATABASE_URL, schema: 'thing', migrations: [CreateThing1700000000000] }),
      env: { DATABASE_URL: databaseUrl },
      process: new FakeProcess(),
      logger: silent,
    });
    const dataSource = service.app.get(DataSource);
    expect(await dataSource.query('SELECT count(*)::int AS things FROM thing')).toEqual([{ things: 0 }]);
    expect(await (await fetch(`${service.url}/health/ready`)).json()).toMatchObject({ status: 'ready', checks: { database: { status: 'up' } } });
    await service.stop();
    expect(dataSource.isInitialized).toBe(false);
  });
});

describe('migrate', () => {
  it('given replicas that start at once, when all migrate, then each migration runs once', async () => {
    const url = await roleDatabase();
    const settings = { url, schema: 'thing', migrations: [CreateThing1700000000000] };
    const executed = await Promise.all(Array.from({ length: 4 }, () => migrate(createDataSource(settings))));
    expect(executed.flat()).toEqual(['CreateThing1700000000000']);
  });

  it('given a statement that runs too long, when its time-out passes, then it is cancelled', async () => {
    const dataSource = createDataSource({ url: await roleDatabase(), schema: 'thing', migrations: [], statementTimeoutMs: 500 });
    await dataSource.initialize();
    cleanUps.push(() => dataSource.destroy());
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    expect(await dataSource.query('SHOW search_path')).toEqual([{ search_path: 'thing' }]);
  });
});
