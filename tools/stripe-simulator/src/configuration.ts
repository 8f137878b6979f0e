import { z } from 'zod';

const integerText = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** What the simulator reads from its environment. */
export const configurationSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: integerText(0, 65_535).default(3010),
  /** Share of requests that meet a fault, 0 to 1. */
  FAULT_RATE: z.coerce.number().min(0).max(1).default(0),
  /** What faults are drawn from. */
  SEED: z.string().min(1).default('backstitch'),
  /** Where charges are remembered over a restart. */
  JOURNAL_FILE: z.string().min(1).optional(),
  /** How long a request without an answer hangs, in milliseconds. */
  HANG_MS: integerText(0, 600_000).default(30_000),
});

export type Configuration = z.output<typeof configurationSchema>;

/**
 * Reads the configuration; a variable that is set but empty counts as not set.
 * @throws Error naming every bad variable
 */
export function readSimulatorConfiguration(env: Readonly<Record<string, string | undefined>>): Configuration {
  const given = Object.fromEntries(Object.keys(configurationSchema.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const result = configurationSchema.safeParse(given);
  if (result.success) return result.data;
  throw new Error(`Bad configuration: ${result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
}
