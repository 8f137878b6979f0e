import type { EngineSurface, Sandbox } from '@backstitch/engine';
import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import type { DynamicModule, Type } from '@nestjs/common';
import type { MigrationInterface } from 'typeorm';

/**
 * What the local server uses of `@backstitch/orchestrator`. The testing library does not depend on it, nor on the queues: whoever wants a real stack has
 * them installed, and they are found when one is started.
 */
export interface OrchestratorLibrary {
  OrchestratorModule: { forRootAsync(options: { useFactory: () => OrchestratorSettings }): DynamicModule };
  OrchestratorHost: Type<{ readonly engine: EngineSurface }>;
  orchestratorMigrations: readonly (new () => MigrationInterface)[];
}

/** See OrchestratorOptions. */
export interface OrchestratorSettings {
  dataSource: object;
  queueConnection: QueueConnectionSettings;
  services: string[];
  sandbox: Sandbox;
  controlToken: string;
  taskTokenSecret: string;
  searchAttributes: SearchAttributeDefinitions;
  localActivities: Record<string, (this: { info: unknown; signal: AbortSignal }, ...args: never[]) => unknown>;
  sinks: Record<string, Record<string, { fn: (info: never, ...args: never[]) => void; callDuringReplay: boolean }>>;
  logger: object;
  retentionMs: number;
  queueRetryPauseMaxMs: number;
  admission: { eventLoopDelayMaxMs: number };
}

export interface QueueConnectionSettings {
  backend: 'postgres';
  url: string;
}

/** What the local server uses of `@backstitch/queues`. */
export interface QueuesLibrary {
  migrateQueueSchema(databaseUrl: string, service: string): Promise<void>;
  consume(
    connection: QueueConnectionSettings,
    queueName: string,
    handler: (delivery: { data: unknown }) => Promise<unknown>,
    options: { concurrency: number },
  ): { ready(): Promise<void>; close(graceMs: number): Promise<boolean> };
}

export interface StackLibraries {
  orchestrator: OrchestratorLibrary;
  queues: QueuesLibrary;
}
