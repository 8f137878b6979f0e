import { commonConfiguration, databaseConfiguration, httpUrlsVariable, integerVariable, portVariable, postgresUrlVariable } from '@backstitch/service-kit';
import { z } from 'zod';

/** What the gateway reads from its environment. */
export const configurationSchema = z.object({
  ...commonConfiguration,
  PORT: portVariable(3000),
  ...databaseConfiguration,
  /** Role `auditor`, for reconciliation. */
  AUDITOR_DATABASE_URL: postgresUrlVariable(),
  /** Base URL of an orchestrator replica, or of several with commas between. */
  CONTROL_URL: httpUrlsVariable(),
  /** Shared secret of the control wire. */
  CONTROL_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  /** Requests that one API key may make in a minute. */
  RATE_LIMIT_PER_MINUTE: integerVariable({ min: 1, max: 100_000_000 }).default(60_000),
  /** Starts of requests that the orchestrator is asked for at once. */
  STARTS_UNDER_WAY_MAX: integerVariable({ min: 1, max: 10_000 }).default(32),
  /** Starts of requests that wait for their turn; beyond it they are answered 503. */
  STARTS_WAITING_MAX: integerVariable({ min: 0, max: 100_000 }).default(256),
});

export type GatewayConfiguration = z.output<typeof configurationSchema>;
