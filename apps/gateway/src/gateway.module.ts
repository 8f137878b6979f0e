import { DatabaseModule } from '@backstitch/service-kit';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import pg from 'pg';
import { ActivitiesController } from './activities/activities.controller.js';
import { ActivityCompletions } from './activities/activity-completions.js';
import { Database } from './database.js';
import { CancellationPlacer } from './imports/cancellation-placer.js';
import { ImportGrouping } from './imports/import-grouping.js';
import { ImportLocks } from './imports/import-locks.js';
import { ImportProcessor } from './imports/import-processor.js';
import { ImportReport } from './imports/import-report.js';
import { ImportSettler } from './imports/import-settler.js';
import { ImportStaging } from './imports/import-staging.js';
import { ImportSupervisor } from './imports/import-supervisor.js';
import { ImportUpload } from './imports/import-upload.js';
import { ImportsController } from './imports/imports.controller.js';
import { OrderPlacer } from './imports/order-placer.js';
import { ImportStockIntake } from './imports/stock-intake.js';
import { gatewayMigrations } from './migrations/index.js';
import { BulkOrchestrator, Orchestrator } from './orchestrator/orchestrator.js';
import { BoundedOrchestrator } from './overload/bounded-orchestrator.js';
import { StartGate } from './overload/start-gate.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersService } from './orders/orders.service.js';
import { ProblemFilter } from './problems/problem-filter.js';
import { AUDITOR_POOL, REPORT_STATEMENT_TIMEOUT_MS, ReconciliationService } from './reports/reconciliation.service.js';
import { ReportsController } from './reports/reports.controller.js';
import { ReturnStarter } from './returns/return-starter.js';
import { ReturnsController } from './returns/returns.controller.js';
import { ReturnsService } from './returns/returns.service.js';
import { ApiKeyGuard } from './security/api-key-guard.js';
import { ApiKeyStore } from './security/api-key-store.js';
import { RateLimits } from './security/rate-limits.js';
import { StockController } from './stock/stock.controller.js';
import { WorkflowsController } from './workflows/workflows.controller.js';

export const GATEWAY_SCHEMA = 'gateway';
const CONNECTION_TIMEOUT_MS = 2_500;

export interface GatewayOptions {
  databaseUrl: string;
  /** Connections of the gateway's own pool; one of them holds the locks of imports. Default 10. */
  databasePoolMax?: number;
  auditorDatabaseUrl: string;
  /** Starts of requests that the orchestrator is asked for at once. Default 32. */
  startsUnderWayMax?: number;
  /** Starts of requests that wait for their turn, a second at most; beyond it they are refused. Default 256. */
  startsWaitingMax?: number;
  /** For requests: fails within about 3 seconds. */
  orchestrator: Orchestrator;
  /** For imports. */
  bulkOrchestrator: BulkOrchestrator;
  /** For `POST /activities/…`. */
  activityCompletions: ActivityCompletions;
}

@Module({})
export class GatewayModule implements OnApplicationShutdown {
  constructor(
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(BulkOrchestrator) private readonly bulkOrchestrator: BulkOrchestrator,
    @Inject(ActivityCompletions) private readonly activityCompletions: ActivityCompletions,
  ) {}

  static forRoot(options: GatewayOptions): DynamicModule {
    const gate = new StartGate({ activeMax: options.startsUnderWayMax ?? 32, waitingMax: options.startsWaitingMax ?? 256 });
    return {
      module: GatewayModule,
      imports: [
        DatabaseModule.forRoot({
          url: options.databaseUrl,
          schema: GATEWAY_SCHEMA,
          migrations: gatewayMigrations,
          applicationName: 'gateway',
          connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
          ...(options.databasePoolMax === undefined ? {} : { poolMax: options.databasePoolMax }),
        }),
      ],
      controllers: [OrdersController, ReturnsController, ImportsController, ReportsController, WorkflowsController, ActivitiesController, StockController],
      providers: [
        { provide: StartGate, useValue: gate },
        { provide: Orchestrator, useValue: new BoundedOrchestrator(options.orchestrator, gate) },
        { provide: BulkOrchestrator, useValue: options.bulkOrchestrator },
        { provide: ActivityCompletions, useValue: options.activityCompletions },
        { provide: AUDITOR_POOL, useFactory: () => auditorPool(options.auditorDatabaseUrl) },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        Database,
        ApiKeyStore,
        RateLimits,
        OrdersService,
        ReturnsService,
        ReturnStarter,
        ReconciliationService,
        ImportStaging,
        ImportUpload,
        ImportReport,
        ImportLocks,
        ImportGrouping,
        ImportStockIntake,
        OrderPlacer,
        CancellationPlacer,
        ImportSettler,
        ImportProcessor,
        ImportSupervisor,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.orchestrator.close(), this.bulkOrchestrator.close(), this.activityCompletions.close()]);
  }
}

function auditorPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: 2,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    // A little more than the server's own limit on a statement: this one is for a server that has fallen silent.
    query_timeout: REPORT_STATEMENT_TIMEOUT_MS + 2_000,
    application_name: 'gateway auditor',
  });
  // An idle connection that breaks must not end the process: the pool replaces it.
  pool.on('error', () => undefined);
  return pool;
}
