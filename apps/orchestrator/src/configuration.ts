import { commonConfiguration, databaseConfiguration, integerVariable, portVariable, queueConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

/** What the orchestrator reads from its environment. */
export const configurationSchema = z.object({
  ...commonConfiguration,
  ...databaseConfiguration,
  ...queueConfiguration,
  PORT: portVariable(3001),
  /** Shared secret of the control wire. */
  CONTROL_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  /** Worker threads that run workflow code. */
  SANDBOX_THREADS: integerVariable({ min: 1, max: 64 }).default(1),
});

export type Configuration = z.output<typeof configurationSchema>;
