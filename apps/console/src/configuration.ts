import { commaSeparatedVariable, commonConfiguration, httpUrlsVariable, portVariable, postgresUrlVariable, queueConfiguration } from '@backstitch/service-kit';
import { z } from 'zod';

/** What the console reads from its environment. */
export const configurationSchema = z.object({
  ...commonConfiguration,
  ...queueConfiguration,
  PORT: portVariable(3005),
  /** The role `console`, which sees the queue schemas only. */
  DATABASE_URL: postgresUrlVariable(),
  /** Base URL of an orchestrator replica, or of several with commas between. */
  CONTROL_URL: httpUrlsVariable().default('http://127.0.0.1:3001'),
  /** Shared secret of the control wire. */
  CONTROL_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  /** SHA-256, in hex, of the operator key that opens the console. */
  CONSOLE_KEY_SHA256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in hex, 64 digits')
    .transform((hex) => hex.toLowerCase()),
  /** `name=URL` of processes whose health the home page shows, beside the orchestrator's; each must answer at /health/ready. */
  STACK_HEALTH_URLS: commaSeparatedVariable(),
});

export type Configuration = z.output<typeof configurationSchema>;
