import 'reflect-metadata';
import { ControlClient } from '@backstitch/client';
import { bootstrapService } from '@backstitch/service-kit';
import { ClientActivityCompletions } from './activities/client-activity-completions.js';
import { configurationSchema } from './configuration.js';
import { GatewayModule } from './gateway.module.js';
import { configureHttpEdge, GATEWAY_FASTIFY_OPTIONS } from './http/http-edge.js';
import { ClientOrchestrator } from './orchestrator/client-orchestrator.js';

/** A request is answered 503 when the orchestrator has not answered by then. */
const REQUEST_TIMEOUT_MS = 2_500;
const CONNECT_TIMEOUT_MS = 800;
/** Beside the starts, reads and decisions have connections of their own. */
const OTHER_CONNECTIONS = 32;
/** A batch of 250 orders may take its time. */
const BULK_TIMEOUT_MS = 60_000;

await bootstrapService({
  service: 'gateway',
  configuration: configurationSchema,
  fastify: GATEWAY_FASTIFY_OPTIONS,
  module: (configuration) => {
    const connection = { url: configuration.CONTROL_URL, token: configuration.CONTROL_TOKEN, identity: 'gateway' };
    return GatewayModule.forRoot({
      databaseUrl: configuration.DATABASE_URL,
      databasePoolMax: configuration.DATABASE_POOL_MAX,
      startsUnderWayMax: configuration.STARTS_UNDER_WAY_MAX,
      startsWaitingMax: configuration.STARTS_WAITING_MAX,
      auditorDatabaseUrl: configuration.AUDITOR_DATABASE_URL,
      orchestrator: new ClientOrchestrator(new ControlClient({ ...connection, timeoutMs: REQUEST_TIMEOUT_MS, connectTimeoutMs: CONNECT_TIMEOUT_MS, connectionsMax: configuration.STARTS_UNDER_WAY_MAX + OTHER_CONNECTIONS })),
      activityCompletions: new ClientActivityCompletions({ ...connection, timeoutMs: REQUEST_TIMEOUT_MS, connectTimeoutMs: CONNECT_TIMEOUT_MS, connectionsMax: OTHER_CONNECTIONS }),
      bulkOrchestrator: new ClientOrchestrator(new ControlClient({ ...connection, timeoutMs: BULK_TIMEOUT_MS })),
    });
  },
  configure: (app, configuration) => configureHttpEdge(app, { requestsPerMinute: configuration.RATE_LIMIT_PER_MINUTE }),
});
