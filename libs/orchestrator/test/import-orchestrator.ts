/**
 * An orchestrator in a process of its own, to be killed (by testing's killed-import.e2e.spec.ts). Says on its standard output where it can be reached.
 * Arguments: its options as JSON.
 */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrateQueueSchema, type QueueConnection } from '@backstitch/queues';
import { createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { DataSource } from 'typeorm';
import { OrchestratorModule, orchestratorMigrations } from '../src/index.js';

interface ImportOrchestratorOptions {
  databaseUrl: string;
  connection: QueueConnection;
  controlToken: string;
  /** A file with a WorkflowBundle as JSON. */
  bundleFile: string;
  /** After so long without a sign of life another one takes its partitions. */
  leaseMs: number;
}

const { databaseUrl, connection, controlToken, bundleFile, leaseMs } = JSON.parse(process.argv[2] ?? '') as ImportOrchestratorOptions;
const dataSource = await new DataSource({
  type: 'postgres',
  url: databaseUrl,
  migrations: [...orchestratorMigrations],
  installExtensions: false,
  poolSize: 10,
  poolErrorHandler: () => undefined,
}).initialize();
await dataSource.runMigrations();
await migrateQueueSchema(databaseUrl, 'imports');
const app = await NestFactory.create<NestFastifyApplication>(
  OrchestratorModule.forRootAsync({
    useFactory: () => ({
      dataSource,
      queueConnection: connection,
      services: ['imports'],
      controlToken,
      sandbox: createInThreadSandbox({ bundle: JSON.parse(readFileSync(bundleFile, 'utf8')) as WorkflowBundle, activationTimeoutMs: 30_000 }),
      leaseMs,
      leaseRenewalMs: leaseMs / 5,
      admission: { eventLoopDelayMaxMs: Infinity },
    }),
  }),
  new FastifyAdapter({ forceCloseConnections: true }),
  { logger: false, abortOnError: false },
);
await app.listen(0, '127.0.0.1');
process.stdout.write(`${JSON.stringify({ url: await app.getUrl() })}\n`);
// The parent's end closes the pipe.
createInterface({ input: process.stdin }).on('close', () => process.exit(0));
