import { commonConfiguration, databaseConfiguration, httpUrlVariable, integerVariable, portVariable, postgresUrlVariable } from '@backstitch/service-kit';
import { z } from 'zod';

/** What the gateway reads from its environment. */
export const configurationSchema = z.object({
  ...commonConfiguration,
  PORT: portVariable(3000),
  ...databaseConfiguration,
  /** Role `auditor`, for reconciliation. */
  AUDITOR_DATABASE_URL: postgresUrlVariable(),
  /** Base URL of the orchestrator. */
  CONTROL_URL: httpUrlVariable(),
  /** Shared secret of the control wire. */
  CONTROL_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  /** Requests that one API key may make in a minute. */
  RATE_LIMIT_PER_MINUTE: integerVariable({ min: 1, max: 100_000_000 }).default(60_000),
});

export type GatewayConfiguration = z.output<typeof configurationSchema>;
